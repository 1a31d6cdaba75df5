//go:build linux

// Command table measures proxies of layer 4 beside each other, and prints a table
// in Markdown: medians of interleaved rounds, and ratios to no proxy at all.
package main

import (
	"os"
	"slices"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

func main() {
	table().Main(
		contest.Plan{Rounds: 5, Each: 2 * time.Second, Idle: 10_000},
		contest.Plan{Rounds: 1, Each: 100 * time.Millisecond, Idle: 300},
	)
}

func table() *contest.Contest {
	return &contest.Contest{
		Contenders: contenders, Scenarios: scenarios(), Rows: rows, Roles: roles,
		OpenIdle: openIdle, Modules: []string{"/tcpproxy"},
	}
}

const fewIdle = 300

func scenarios() []contest.Scenario {
	list := []contest.Scenario{
		{Name: "short", Load: shortConns},
		{Name: "bulk", Load: bulk},
		{Name: "bulk idle", Load: bulk, Idle: fewIdle},
		{Name: "ping 1", Load: pingPong(1)},
		{Name: "ping 64", Load: pingPong(manyPingers)},
	}
	if os.Getuid() == 0 {
		nobodys := contest.Scenario{Name: "bulk idle nobody", Load: bulk, Idle: fewIdle, AsNobody: true}
		list = slices.Insert(list, 3, nobodys)
	}
	return list
}

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
