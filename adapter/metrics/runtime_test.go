package metrics

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRuntime(t *testing.T) {
	r := new(Runtime)
	require.Equal(t, "runtime", r.String())
	collect := func() map[string]Point {
		t.Helper()
		var b Batch
		require.NoError(t, r.Collect(context.Background(), &b))
		lines(t, &b)
		return points(t, &b)
	}
	first := collect()
	require.NotContains(t, first, "go.memory.limit{}")
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	done := make(chan struct{})
	for range 100 {
		go func() { <-done }()
	}
	ballast := make([]byte, 8<<20)
	runtime.GC()
	second := collect()
	close(done)
	runtime.KeepAlive(ballast)

	value := func(all map[string]Point, key string) float64 {
		t.Helper()
		require.Contains(t, all, key)
		return all[key].Value.Float()
	}
	require.Equal(t, float64(1<<40), value(second, "go.memory.limit{}"))
	require.GreaterOrEqual(t, value(second, "go.goroutine.count{}")-value(first, "go.goroutine.count{}"), 90.0, "some of others may have ended meanwhile")
	require.GreaterOrEqual(t, value(second, "go.memory.allocated{}")-value(first, "go.memory.allocated{}"), float64(len(ballast)))
	require.Greater(t, value(second, "go.memory.gc.cycles{}"), value(first, "go.memory.gc.cycles{}"))
	require.Equal(t, float64(runtime.GOMAXPROCS(0)), value(second, "go.processor.limit{}"))
	require.Positive(t, value(second, "go.memory.gc.goal{}"))
	require.Positive(t, value(second, `go.memory.used{go_memory_type="stack"}`))
	require.Greater(t, value(second, `go.memory.used{go_memory_type="other"}`), float64(len(ballast)))
	for _, state := range []string{"user", "gc", "idle", "scavenge"} {
		key := `go.cpu.time{go_cpu_state="` + state + `"}`
		require.GreaterOrEqual(t, value(second, key), value(first, key))
	}
	for _, name := range []string{"go.schedule.duration{}", "go.memory.gc.pause.duration{}"} {
		p := second[name]
		require.NotNil(t, p.Buckets, name)
		require.WithinRange(t, time.Unix(0, p.Start), time.Now().Add(-time.Hour), time.Now())
		require.Len(t, p.Buckets.Counts, len(p.Buckets.Bounds)+1)
		require.True(t, slices.IsSorted(p.Buckets.Bounds))
		require.True(t, 10 < len(p.Buckets.Bounds) && len(p.Buckets.Bounds) < 30, len(p.Buckets.Bounds))
		require.True(t, math.IsNaN(p.Buckets.Sum))
		var all uint64
		for _, n := range p.Buckets.Counts {
			all += n
		}
		require.Equal(t, p.Buckets.Count, all)
		require.Positive(t, all)
	}
}

func TestWellKnown(t *testing.T) {
	seen := map[string]bool{}
	for d := range AllWellKnown() {
		require.False(t, seen[d.Name], d.Name)
		seen[d.Name] = true
		require.NotEmpty(t, d.Help, d.Name)
		require.NotEmpty(t, d.Unit, d.Name)
		require.NotEqual(t, Unknown, d.Kind, d.Name)
		got, ok := WellKnown(d.Name)
		require.True(t, ok)
		require.Equal(t, d, got)
	}
	_, ok := WellKnown("no.such")
	require.False(t, ok)
	require.True(t, seen["container.cpu.time"] && seen["process.cpu.time"] && seen["go.memory.used"])
}
