//go:build linux

// Command table measures proxies of layer 7 beside each other, and prints a table
// in Markdown: medians of interleaved rounds, and ratios to no proxy at all.
package main

import (
	"os/exec"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

func main() {
	table().Main(
		contest.Plan{Rounds: 5, Each: 2 * time.Second, Idle: 2000},
		contest.Plan{Rounds: 1, Each: 100 * time.Millisecond, Idle: 200},
	)
}

const overH2 = "h2"

func table() *contest.Contest {
	t := &contest.Contest{
		Contenders: contenders, Rows: rows, Roles: roles,
		Scenarios: []contest.Scenario{
			{Name: "small", Load: asking(smallConns, "small", smallSize, 1)},
			{Name: "big", Load: asking(bigConns, "big", bigSize, bigSize/1e9)},
		},
		OpenIdle: openIdle, Modules: []string{"/fasthttp"},
		Note: "Tuned is with MaxIdleConnsPerHost 512, no compression and a BufferPool; httpproxy with retries, ejection and counting on. ",
	}
	if _, err := exec.LookPath("h2load"); err != nil {
		t.Missing = []string{"h2load"}
	} else {
		t.Scenarios = append(t.Scenarios, contest.Scenario{Name: overH2, Load: h2load})
	}
	return t
}

var rows = []contest.Row{
	{Title: "requests/s, 256 bytes, 64 connections", Figure: "small rate", Format: "%.0f", Ratio: true},
	{Title: "CPU µs a request", Figure: "small cpu", Format: "%.1f"},
	{Title: "allocations a request", Figure: "small mallocs", Format: "%.1f"},
	{Title: "p50 ms", Figure: "small p50", Format: "%.2f", Factor: 1e-3},
	{Title: "p99 ms", Figure: "small p99", Format: "%.2f", Factor: 1e-3},
	{Title: "user MB meanwhile", Figure: "small MB", Format: "%.1f"},
	{Title: "GB/s, 1 MiB, 16 connections", Figure: "big rate", Format: "%.2f", Ratio: true},
	{Title: "CPU ms/GB", Figure: "big cpu", Format: "%.0f", Factor: 1e-3},
	{Title: "user MB meanwhile", Figure: "big MB", Format: "%.1f"},
	{Title: "requests/s, h2c in, HTTP/1.1 out, 8 × 8 streams", Figure: "h2 rate", Format: "%.0f"},
	{Title: "CPU µs a request", Figure: "h2 cpu", Format: "%.1f"},
	{Title: "user KB an idle connection", Figure: "idle KB", Format: "%.1f"},
	{Title: "descriptors an idle connection", Figure: "idle files", Format: "%.2f"},
}
