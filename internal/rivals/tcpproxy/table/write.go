//go:build linux

package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

var rows = []contest.Row{
	{Title: "short connections/s", Figure: "short rate", Format: "%.0f", Ratio: true},
	{Title: "CPU µs a connection", Figure: "short cpu", Format: "%.0f"},
	{Title: "bulk GB/s, 4 connections", Figure: "bulk rate", Format: "%.2f", Ratio: true},
	{Title: "CPU ms/GB", Figure: "bulk cpu", Format: "%.0f", Factor: 1e-3},
	{Title: "bulk GB/s, 300 idle ones", Figure: "bulk idle rate", Format: "%.2f", Ratio: true},
	{Title: "CPU ms/GB", Figure: "bulk idle cpu", Format: "%.0f", Factor: 1e-3},
	{Title: "bulk GB/s, 300 idle ones, not root", Figure: "bulk idle nobody rate", Format: "%.2f", Ratio: true},
	{Title: "CPU ms/GB", Figure: "bulk idle nobody cpu", Format: "%.0f", Factor: 1e-3},
	{Title: "ping-pong/s of 64 bytes, 1 connection", Figure: "ping 1 rate", Format: "%.0f", Ratio: true},
	{Title: "p50 µs", Figure: "ping 1 p50", Format: "%.0f"},
	{Title: "p99 µs", Figure: "ping 1 p99", Format: "%.0f"},
	{Title: "ping-pong/s of 64 bytes, 64 connections", Figure: "ping 64 rate", Format: "%.0f", Ratio: true},
	{Title: "CPU µs a message", Figure: "ping 64 cpu", Format: "%.1f"},
	{Title: "p50 µs", Figure: "ping 64 p50", Format: "%.0f"},
	{Title: "p99 µs", Figure: "ping 64 p99", Format: "%.0f"},
	{Title: "idle connections opened", Figure: "idle open", Format: "%.0f"},
	{Title: "user KB an idle connection", Figure: "idle KB", Format: "%.1f"},
	{Title: "descriptors an idle connection", Figure: "idle files", Format: "%.2f"},
}

func (r *results) write(w io.Writer) {
	var names []string
	for _, c := range r.all {
		names = append(names, c.name)
	}
	r.figures.Write(w, names, rows)
	fmt.Fprintf(w, "\n%d rounds of %v each, medians; ratios to no proxy. Up to %d idle ones, as descriptors allow. %s, %s/%s, %d CPUs for client, proxy and backend; %s.\n",
		r.plan.rounds, r.plan.each, r.idle, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(versions(r.all), "; "))
}
