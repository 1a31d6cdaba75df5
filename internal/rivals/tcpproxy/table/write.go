//go:build linux

package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// A row is a line of the table.
type row struct {
	title  string
	figure string // its name in the results
	format string
	ratio  bool // to no proxy at all
}

var rows = []row{
	{"short connections/s", "short rate", "%.0f", true},
	{"CPU µs a connection", "short cpu", "%.0f", false},
	{"bulk GB/s, 4 connections", "bulk rate", "%.2f", true},
	{"CPU ms/GB", "bulk cpu", "%.0f", false},
	{"bulk GB/s, 300 idle ones", "bulk idle rate", "%.2f", true},
	{"CPU ms/GB", "bulk idle cpu", "%.0f", false},
	{"bulk GB/s, 300 idle ones, not root", "bulk idle nobody rate", "%.2f", true},
	{"CPU ms/GB", "bulk idle nobody cpu", "%.0f", false},
	{"ping-pong/s of 64 bytes, 1 connection", "ping 1 rate", "%.0f", true},
	{"p50 µs", "ping 1 p50", "%.0f", false},
	{"p99 µs", "ping 1 p99", "%.0f", false},
	{"ping-pong/s of 64 bytes, 64 connections", "ping 64 rate", "%.0f", true},
	{"CPU µs a message", "ping 64 cpu", "%.1f", false},
	{"p50 µs", "ping 64 p50", "%.0f", false},
	{"p99 µs", "ping 64 p99", "%.0f", false},
	{"idle connections opened", "idle open", "%.0f", false},
	{"user KB an idle connection", "idle KB", "%.1f", false},
	{"descriptors an idle connection", "idle files", "%.2f", false},
}

func (r *results) write(w io.Writer) {
	fmt.Fprint(w, "| |")
	for _, c := range r.all {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprintf(w, "\n|---%s|\n", strings.Repeat("|---", len(r.all)))
	for _, line := range rows {
		if !slices.ContainsFunc(r.all, func(c contender) bool { return len(r.figures[c.name][line.figure]) > 0 }) {
			continue
		}
		fmt.Fprintf(w, "| %s |", line.title)
		for _, c := range r.all {
			fmt.Fprintf(w, " %s |", r.cell(c.name, line))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\n%d rounds of %v each, medians; ratios to no proxy. Up to %d idle ones, as descriptors allow. %s, %s/%s, %d CPUs for client, proxy and backend; %s.\n",
		r.plan.rounds, r.plan.each, r.idle, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(versions(r.all), "; "))
}

func (r *results) cell(of string, line row) string {
	value := r.median(of, line.figure)
	if len(r.figures[of][line.figure]) == 0 {
		return ""
	}
	if strings.HasPrefix(line.title, "CPU ms/GB") {
		value /= 1000
	}
	text := fmt.Sprintf(line.format, value)
	if none := r.median(direct, line.figure); line.ratio && of != direct && none > 0 {
		text += fmt.Sprintf(" (%.2f×)", value/none)
	}
	return text
}
