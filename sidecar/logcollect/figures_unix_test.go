//go:build unix

package logcollect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// The tests of this file print what was measured; go test -v shows it. What they
// demand is generous, because other work may be going on on the machine.

// cpuTime is what this process has used of the processor.
func cpuTime(t testing.TB) time.Duration {
	var u unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// makeFiles makes n small files in logs/.
func (b *bench) makeFiles(n int) {
	require.NoError(b, os.MkdirAll(b.path("logs"), 0o755))
	text := []byte(lines(0, 50))
	for i := range n {
		require.NoError(b, os.WriteFile(b.path(fmt.Sprintf("logs/%05d.log", i)), text, 0o644))
	}
}

// newScanner returns a run that has found the files in logs/, and is not started.
func newScanner(t testing.TB, b *bench) *run {
	c := &Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard), PollOnly: true}
	grace, cancel := context.WithTimeout((&sandbox.Sandbox{Logger: b.log}).Context(context.Background()), time.Hour)
	t.Cleanup(cancel)
	r := newRun(c, grace, b.root, []*Collector{c})
	require.NoError(t, r.begin())
	t.Cleanup(func() {
		r.end(nil)
		r.close()
	})
	return r
}

func TestIdleCost(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for two seconds")
	}
	const files, window = 1000, 2 * time.Second
	b := newBench(t)
	b.makeFiles(files)
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard)})
	b.awaitLines(files * 50)
	b.await("at rest", func() bool { // the checkpoint is written, the garbage collected
		before := cpuTime(t)
		time.Sleep(300 * time.Millisecond)
		return cpuTime(t)-before < 10*time.Millisecond
	})
	before := cpuTime(t)
	time.Sleep(window)
	idle := cpuTime(t) - before
	require.NoError(t, b.stop())

	r := newScanner(t, b)
	const scans = 10
	before = cpuTime(t)
	for range scans {
		r.scan()
	}
	scan := (cpuTime(t) - before) / scans
	share := 100 * (float64(idle)/float64(window) + float64(scan)/float64(repairTime))
	t.Logf("%d idle files: %v CPU in %v, %v a scan, one in %v: %.4f %% of a core", files, idle, window, scan, repairTime, share)
	require.Less(t, share, 1.0)
}

// BenchmarkBegin has 10,000 files found, begun and in the checkpoint.
func BenchmarkBegin(b *testing.B) {
	w := newBench(b)
	w.makeFiles(10_000)
	for b.Loop() {
		w.start(&Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard)})
		b.StopTimer()
		require.NoError(b, w.stop())
		require.NoError(b, os.RemoveAll(w.path(".logcollect")))
		b.StartTimer()
	}
}

func TestManyFilesBegin(t *testing.T) {
	const files = 2000
	b := newBench(t)
	b.makeFiles(files)
	memory := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	heap, cpu, began := memory(), cpuTime(t), time.Now()
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard)})
	ready, cpuReady := time.Since(began), cpuTime(t)-cpu
	require.EqualValues(t, files, b.c.Stats().Files, "followed when it is ready")
	b.awaitLines(int64(files) * 50)
	each := (float64(memory()) - float64(heap) - 2*batchSize) / float64(files)
	t.Logf("%d files: ready after %v, %v CPU; read after %v; %.0f B of memory each", files, ready, cpuReady, time.Since(began), each)
	require.NoError(t, b.stop())
	require.Less(t, cpuReady, 10*time.Second)
	require.Less(t, each, 4000.0)
}

// A stopwatch is a Sink that measures how old the lines are, which begin with the
// time of their writing.
type stopwatch struct {
	mu   sync.Mutex
	ages []time.Duration
}

func (s *stopwatch) Write(p []byte) (int, error) {
	now := time.Now().UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range bytes.Lines(p) {
		written, err := strconv.ParseInt(string(line[:19]), 10, 64)
		if err != nil {
			return 0, err
		}
		s.ages = append(s.ages, time.Duration(now-written))
	}
	return len(p), nil
}

func TestTailLatency(t *testing.T) {
	const perMilli, millis = 10, 1000
	b := newBench(t)
	b.append("a.log", "")
	sink := &stopwatch{}
	b.start(&Collector{Include: []string{"*.log"}, Sink: To(sink)})
	f, err := os.OpenFile(b.path("a.log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range millis {
		<-tick.C
		for range perMilli {
			_, err := fmt.Fprintf(f, "%d of the log, with some text behind it\n", time.Now().UnixNano())
			require.NoError(t, err)
		}
	}
	b.awaitLines(perMilli * millis)
	require.NoError(t, b.stop())
	require.Len(t, sink.ages, perMilli*millis)
	slices.Sort(sink.ages)
	p50, p99 := sink.ages[len(sink.ages)/2], sink.ages[len(sink.ages)*99/100]
	t.Logf("%d lines/s, from the writing to the sink: p50 %v, p99 %v, at most %v", perMilli*1000, p50, p99, sink.ages[len(sink.ages)-1])
	require.Less(t, p50, time.Second)
}
