package logcollect

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkFraming catches up with a log of 200-byte lines with each option, beside
// a plain loop that reads it and looks for the ends of lines: scan/op is what that
// takes, of-scan the part of its speed that is reached. Allocations are those of a
// line, the start of a run included.
func BenchmarkFraming(b *testing.B) {
	stamp := &Multiline{Start: regexp.MustCompile(`^\d{4}-\d\d-\d\d `)}
	indent := &Multiline{Start: regexp.MustCompile(`^\S`)}
	for _, c := range []struct {
		name string
		log  string // of ten lines
		c    func(*Collector)
	}{
		{"plain", tenLines("\n"), func(*Collector) {}},
		{"StripCR/none", tenLines("\n"), func(c *Collector) { c.StripCR = true }},
		{"StripCR/all", tenLines("\r\n"), func(c *Collector) { c.StripCR = true }},
		{"Multiline/each", tenLines("\n"), func(c *Collector) { c.Multiline = stamp }},
		{"Multiline/trace", trace(), func(c *Collector) { c.Multiline = stamp }},
		{"Multiline/indent", trace(), func(c *Collector) { c.Multiline = indent }},
		{"TruncateLines", tenLines("\n"), func(c *Collector) { c.MaxLineBytes, c.TruncateLines = 150, true }},
		{"split", tenLines("\n"), func(c *Collector) { c.MaxLineBytes = 150 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newBench(b)
			block := strings.Repeat(c.log, 1<<20/len(c.log))
			for range benchSize / len(block) {
				w.append("a.log", block)
			}
			var scanning, collecting time.Duration
			lines, mallocs := 0, uint64(0)
			for b.Loop() {
				b.StopTimer()
				os.RemoveAll(w.path(".logcollect"))
				began := time.Now()
				lines += scanLines(b, w.path("a.log"))
				scanning += time.Since(began)
				before := allocated()
				b.StartTimer()
				began = time.Now()
				w.c = &Collector{Include: []string{"*.log"}, Sink: To(io.Discard)}
				c.c(w.c)
				w.start(w.c)
				for w.c.Stats().Lag > int64(len(c.log)) { // the last event is held
					time.Sleep(100 * time.Microsecond)
				}
				collecting += time.Since(began)
				b.StopTimer()
				mallocs += allocated() - before
				require.NoError(b, w.stop())
				b.StartTimer()
			}
			b.SetBytes(int64(benchSize / len(block) * len(block)))
			b.ReportMetric(float64(mallocs)/float64(lines), "allocs/line")
			b.ReportMetric(float64(scanning)/float64(b.N), "scan-ns/op")
			b.ReportMetric(float64(scanning)/float64(collecting), "of-scan")
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func tenLines(end string) string {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, "2026-01-02 %07d %s%s", i, strings.Repeat("x", 181-len(end)), end)
	}
	return b.String()
}

// trace is an event of ten lines.
func trace() string { return strings.ReplaceAll(tenLines("\n"), "\n2026-01-02", "\n\tat package") }

func scanLines(b *testing.B, name string) (lines int) {
	f, err := os.Open(name)
	require.NoError(b, err)
	defer f.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := f.Read(buf)
		for rest := buf[:n]; ; {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			lines++
			rest = rest[i+1:]
		}
		if err == io.EOF {
			return lines
		}
		require.NoError(b, err)
	}
}
