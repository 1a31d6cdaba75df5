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
	{Title: "requests/s, 256 bytes, 64 connections", Figure: "small rate", Format: "%.0f", Ratio: true},
	{Title: "CPU µs a request", Figure: "small cpu", Format: "%.1f"},
	{Title: "allocations a request", Figure: "small mallocs", Format: "%.1f"},
	{Title: "p50 ms", Figure: "small p50", Format: "%.2f"},
	{Title: "p99 ms", Figure: "small p99", Format: "%.2f"},
	{Title: "user MB meanwhile", Figure: "small MB", Format: "%.1f"},
	{Title: "GB/s, 1 MiB, 16 connections", Figure: "big rate", Format: "%.2f", Ratio: true},
	{Title: "CPU ms/GB", Figure: "big cpu", Format: "%.0f", Factor: 1e-3},
	{Title: "user MB meanwhile", Figure: "big MB", Format: "%.1f"},
	{Title: "requests/s, h2c in, HTTP/1.1 out, 8 × 8 streams", Figure: "h2 rate", Format: "%.0f"},
	{Title: "CPU µs a request", Figure: "h2 cpu", Format: "%.1f"},
	{Title: "user KB an idle connection", Figure: "idle KB", Format: "%.1f"},
	{Title: "descriptors an idle connection", Figure: "idle files", Format: "%.2f"},
}

func (r *results) write(w io.Writer) {
	var names []string
	for _, c := range r.all {
		names = append(names, c.name)
	}
	r.figures.Write(w, names, rows)
	fmt.Fprintf(w, "\n%d rounds of %v each, medians; ratios to no proxy. %d idle ones. Tuned is with MaxIdleConnsPerHost 512, no compression and a BufferPool; httpproxy with retries, ejection and counting on. %s, %s/%s, %d CPUs for client, proxy and backend; %s.\n",
		r.plan.rounds, r.plan.each, r.idle, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(versions(r.all), "; "))
}
