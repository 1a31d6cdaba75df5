package metrics

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchRun is a run that is served to nobody.
func benchRun(b *testing.B, e *Exporter) *run {
	b.Helper()
	p, err := e.plan(context.Background(), newPipes())
	require.NoError(b, err)
	r := e.newRun(context.Background(), slog.New(slog.DiscardHandler), e.begin(p.sources))
	r.formats = p.formats
	return r
}

type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header           { return w.header }
func (nowhere) Write(p []byte) (n int, e error) { return len(p), nil }
func (nowhere) WriteHeader(int)                 {}

// manyPoints is a source of 100 families of 1,000 gauges with two labels.
func manyPoints() Source {
	var descs []Desc
	var labels []*Labels
	for f := range 100 {
		descs = append(descs, Desc{Name: fmt.Sprintf("bench.family.%02d", f), Unit: "By", Kind: Gauge, Help: "A family."})
	}
	for p := range 1000 {
		labels = append(labels, NewLabels("host.name", fmt.Sprintf("host-%03d", p), "zone", "zone-a"))
	}
	return named("many", func(_ context.Context, b *Batch) error {
		for i, d := range descs {
			f := b.Family(d)
			for j, l := range labels {
				f.Add(l, Float(float64(i*j)+0.25))
			}
		}
		return nil
	})
}

// A ready is a series with all that comes before its value.
type ready struct {
	head  string
	value float64
}

// readyText is the floor: the same text with its labels ready.
func readyText(b *testing.B, batch *Batch) []ready {
	b.Helper()
	var all []ready
	for line := range strings.Lines(written(b, Text, batch)) {
		if line[0] != '#' {
			at := strings.LastIndexByte(line, ' ') + 1
			v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
			require.NoError(b, err)
			all = append(all, ready{strings.Clone(line[:at]), v})
		}
	}
	return all
}

func writeReady(all []ready, out []byte) []byte {
	for _, s := range all {
		out = append(out, s.head...)
		out = append(strconv.AppendFloat(out, s.value, 'g', -1, 64), '\n')
	}
	return out
}

// BenchmarkRender is of 100,000 points that are collected: the formats alone, a
// whole scrape without the network (collecting, settling and writing), and the floor.
func BenchmarkRender(b *testing.B) {
	batch := new(Batch)
	source := manyPoints()
	require.NoError(b, source.Collect(context.Background(), batch))
	text := len(written(b, Text, batch))
	for name, f := range map[string]Format{"text": Text, "openmetrics": OpenMetrics, "json": JSON} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(text))
			for b.Loop() {
				if err := f.Write(io.Discard, batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("scrape", func(b *testing.B) {
		r := benchRun(b, &Exporter{Sources: []Source{source}})
		req, err := http.NewRequest("GET", "/metrics", nil)
		require.NoError(b, err)
		b.ReportAllocs()
		b.SetBytes(int64(text))
		for b.Loop() {
			r.ServeHTTP(nowhere{http.Header{}}, req)
		}
	})
	b.Run("floor", func(b *testing.B) {
		all := readyText(b, batch)
		out := make([]byte, 0, text)
		b.ReportAllocs()
		b.SetBytes(int64(text))
		for b.Loop() {
			out = writeReady(all, out[:0])
		}
	})
}

// TestWritingAllocatesNothing holds what BenchmarkRender shows.
func TestWritingAllocatesNothing(t *testing.T) {
	batch := new(Batch)
	require.NoError(t, manyPoints().Collect(context.Background(), batch))
	for _, f := range []Format{Text, OpenMetrics, JSON} {
		allocs := testing.AllocsPerRun(5, func() { _ = f.Write(io.Discard, batch) })
		require.LessOrEqual(t, allocs, 10.0, f.ContentType())
	}
	chunks := new(sizes)
	require.NoError(t, Text.Write(chunks, batch))
	require.LessOrEqual(t, slices.Max(*chunks), 64<<10)
	require.GreaterOrEqual(t, slices.Min((*chunks)[:len(*chunks)-1]), 32<<10)
}

type sizes []int

func (s *sizes) Write(p []byte) (int, error) { *s = append(*s, len(p)); return len(p), nil }
