package logcollect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const benchSize = 256 << 20

// benchLog makes a log of 200-byte lines in a directory of its own.
func benchLog(b *testing.B) *bench {
	w := newBench(b)
	f, err := os.Create(w.path("a.log"))
	require.NoError(b, err)
	var block bytes.Buffer
	for i := 0; block.Len() < 1<<20; i++ {
		fmt.Fprintf(&block, "%08d %s\n", i, strings.Repeat("x", 190))
	}
	for range benchSize / block.Len() {
		_, err := f.Write(block.Bytes())
		require.NoError(b, err)
	}
	require.NoError(b, f.Close())
	fi, err := os.Stat(w.path("a.log"))
	require.NoError(b, err)
	b.SetBytes(fi.Size())
	b.ReportAllocs()
	return w
}

// BenchmarkCatchUp delivers a log from its beginning to its end, and stops.
func BenchmarkCatchUp(b *testing.B) {
	for _, c := range []struct {
		name string
		sink func() Sink
	}{
		{"discard", func() Sink { return To(io.Discard) }},
		{"file", func() Sink { return &File{Path: "out"} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := benchLog(b)
			for b.Loop() {
				w.start(&Collector{Include: []string{"*.log"}, Sink: c.sink()})
				require.NoError(b, w.stop())
				b.StopTimer()
				os.RemoveAll(w.path(".logcollect"))
				os.Remove(w.path("out"))
				b.StartTimer()
			}
		})
	}
}

// BenchmarkLimit reads the same log and looks for the ends of lines, or writes it
// to a file too, without any promise.
func BenchmarkLimit(b *testing.B) {
	for _, name := range []string{"discard", "file"} {
		b.Run(name, func(b *testing.B) {
			w := benchLog(b)
			buf := make([]byte, 256<<10)
			for b.Loop() {
				f, err := os.Open(w.path("a.log"))
				require.NoError(b, err)
				out := io.Discard
				if name == "file" {
					o, err := os.Create(w.path("out"))
					require.NoError(b, err)
					defer o.Close()
					out = o
				}
				lines := 0
				for {
					n, err := f.Read(buf)
					lines += bytes.Count(buf[:n], newline)
					out.Write(buf[:n])
					if err == io.EOF {
						break
					}
				}
				f.Close()
				b.StopTimer()
				os.Remove(w.path("out"))
				b.StartTimer()
			}
		})
	}
}

// BenchmarkTail measures lines from their writing to their delivery, one after
// another. With rate they come at 10,000 a second, as many as there are iterations;
// p50 and p99 are in milliseconds.
func BenchmarkTail(b *testing.B) {
	b.Run("single", func(b *testing.B) { benchTail(b, 0) })
	b.Run("rate", func(b *testing.B) { benchTail(b, 10_000) })
}

func benchTail(b *testing.B, rate int) {
	w := newBench(b)
	got := delivered{at: make([]time.Time, 0, 1<<20), more: make(chan struct{}, 1)}
	w.append("a.log", "")
	w.start(&Collector{Include: []string{"*.log"}, Sink: &got})
	f, err := os.OpenFile(filepath.Join(w.dir, "a.log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(b, err)
	defer f.Close()
	line := []byte(lines(0, 1))
	var written []time.Time
	began := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if rate > 0 {
			due := began.Add(time.Duration(len(written)) * time.Second / time.Duration(rate))
			if pause := time.Until(due); pause > time.Millisecond {
				time.Sleep(pause)
			}
		}
		written = append(written, time.Now())
		f.Write(line)
		if rate == 0 {
			got.await(len(written))
		}
	}
	got.await(len(written))
	b.StopTimer()
	require.NoError(b, w.stop())
	took := make([]time.Duration, len(written))
	for i, at := range written {
		took[i] = got.at[i].Sub(at)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
}

// delivered is a Sink that notes when each line came.
type delivered struct {
	mu   sync.Mutex
	at   []time.Time
	more chan struct{}
}

func (d *delivered) Write(_ context.Context, batch Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for _, c := range batch.Chunks {
		for range c.Count {
			d.at = append(d.at, now)
		}
	}
	select {
	case d.more <- struct{}{}:
	default:
	}
	return nil
}

func (d *delivered) await(n int) {
	for {
		d.mu.Lock()
		have := len(d.at)
		d.mu.Unlock()
		if have >= n {
			return
		}
		<-d.more
	}
}

// BenchmarkIdle is one poll of 1,000 files in which nothing happens.
func BenchmarkIdle(b *testing.B) {
	w := newBench(b)
	for i := range 1000 {
		w.append(fmt.Sprintf("logs/%d.log", i), lines(0, 50))
	}
	w.start(&Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard)})
	require.NoError(b, w.stop())

	c := &Collector{Include: []string{"logs/*.log"}, Sink: To(io.Discard), PollOnly: true}
	grace, cancel := context.WithTimeout((&sandbox.Sandbox{Logger: w.log}).Context(context.Background()), time.Hour)
	defer cancel()
	r := newRun(c, grace, w.root, []*Collector{c})
	require.NoError(b, r.begin())
	b.ReportAllocs()
	for b.Loop() {
		r.scan()
	}
	require.NoError(b, r.end(nil))
	r.close()
}
