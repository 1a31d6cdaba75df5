package push

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// benchBatch is a full batch of 200-byte lines of four files.
func benchBatch() logcollect.Batch {
	var parts []string
	for file := range 4 {
		var b strings.Builder
		for i := 0; b.Len() < 256<<10; i++ {
			fmt.Fprintf(&b, "2026-03-01T12:00:00.%06dZ INFO request path=/a/%d status=200 %s\n", i, i*7919%1000, strings.Repeat("word ", 26))
		}
		parts = append(parts, fmt.Sprintf("logs/%d.log", file), b.String())
	}
	return batch(parts...)
}

var benchFormats = []struct {
	name   string
	format Format
}{
	{"ndjson", NDJSON{}}, {"ndjson-raw", NDJSON{Raw: true}},
	{"loki", Loki{}}, {"loki-json", Loki{JSON: true}}, {"otlp", OTLP{}},
}

// BenchmarkEncode makes requests of a batch, without compression.
func BenchmarkEncode(b *testing.B) {
	lines := benchBatch()
	for _, c := range benchFormats {
		b.Run(c.name, func(b *testing.B) {
			s := &Sink{URL: "http://logs", Format: c.format}
			r, err := s.begin(b.Context())
			require.NoError(b, err)
			b.SetBytes(int64(len(lines.Lines)))
			b.ReportAllocs()
			t := r.resume(lines, 0)
			for b.Loop() {
				t.next = place{}
				for {
					p := r.encode(lines, t)
					if p.lines == 0 {
						break
					}
					t.next = p.to
				}
			}
		})
	}
}

// BenchmarkEncodeLimit is what encoding can't be faster than: a look for the ends
// of the lines, and a copy.
func BenchmarkEncodeLimit(b *testing.B) {
	lines := benchBatch()
	b.SetBytes(int64(len(lines.Lines)))
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = buf[:0]
		for rest := lines.Lines; len(rest) > 0; {
			n := bytes.IndexByte(rest, '\n') + 1
			buf = append(buf, rest[:n]...)
			rest = rest[n:]
		}
	}
}

// BenchmarkWrite delivers a batch to a server on the loopback, all included.
func BenchmarkWrite(b *testing.B) {
	lines := benchBatch()
	for _, c := range benchFormats {
		for _, by := range c.format.compressions() {
			b.Run(c.name+"-"+string(by), func(b *testing.B) {
				url := listen(b, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
				s := &Sink{URL: url, Format: c.format, Compression: by}
				require.NoError(b, s.Write(b.Context(), lines))
				b.SetBytes(int64(len(lines.Lines)))
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, s.Write(b.Context(), lines))
				}
				b.ReportMetric(float64(s.Stats().Bytes)/float64(s.Stats().Lines), "sentB/line")
			})
		}
	}
}

func fixedTime(string, []byte) (time.Time, bool) { return time.Unix(1, 0), true }

// No line costs an allocation: a batch of twice the lines costs no more.
func TestNoAllocationPerLine(t *testing.T) {
	stamped := func(s *Sink) *Sink { s.Time = fixedTime; return s }
	for _, c := range benchFormats {
		for _, s := range []*Sink{{URL: "http://logs", Format: c.format}, stamped(&Sink{URL: "http://logs", Format: c.format})} {
			s.MaxRequestBytes = 64 << 20
			r, err := s.begin(t.Context())
			require.NoError(t, err)
			run := func(b logcollect.Batch) float64 {
				next := r.resume(b, 0)
				return testing.AllocsPerRun(3, func() { r.encode(b, next) })
			}
			text := "plain\nna\xefve \"quoted\"\n{\"json\": true}\n"
			few, many := batch("a", strings.Repeat(text, 10)), batch("a", strings.Repeat(text, 1000))
			run(many)
			more := run(many) - run(few)
			if c.name == "ndjson-raw" { // package json has a sync.Pool, which the race detector takes some out of
				require.Less(t, more, 1500.0)
				continue
			}
			require.Zero(t, more, c.name)
			require.LessOrEqual(t, run(many), 2.0, c.name)
		}
	}
}
