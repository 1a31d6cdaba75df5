package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchRun is a run that is served to nobody.
func benchRun(b *testing.B, e *Exporter) *run {
	b.Helper()
	sources, err := e.sources(newPipes())
	require.NoError(b, err)
	return &run{
		ctx: context.Background(), timeout: e.timeout(), log: slog.New(slog.DiscardHandler), slots: e.begin(sources),
		count: &e.count, scrapes: make(chan struct{}, maxScrapes),
	}
}

type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header           { return w.header }
func (nowhere) Write(p []byte) (n int, e error) { return len(p), nil }
func (nowhere) WriteHeader(int)                 {}

// BenchmarkScrape is a scrape of the default sources without the network; its
// limit is the bare reading of the files, here of those of the process.
func BenchmarkScrape(b *testing.B) {
	if machine.goos != "linux" {
		b.Skip("no /proc")
	}
	r := benchRun(b, &Exporter{})
	req, err := http.NewRequest("GET", "/metrics", nil)
	require.NoError(b, err)
	b.Run("default", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.ServeHTTP(nowhere{http.Header{}}, req)
		}
	})
	b.Run("process", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := (Process{}).Collect(context.Background(), new(Batch)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("limit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, file := range []string{"/proc/self/stat", "/proc/self/statm", "/proc/stat"} {
				if _, err := machine.read(file); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// manyPoints is a batch of 100 families of 1,000 gauges with two labels.
func manyPoints(b *testing.B) *Batch {
	b.Helper()
	batch := new(Batch)
	for f := range 100 {
		family := Family{Name: fmt.Sprintf("bench.family.%02d", f), Unit: "By", Help: "A family."}
		for p := range 1000 {
			batch.Add(family, Point{[]Attr{{"host.name", fmt.Sprintf("host-%03d", p)}, {"zone", "zone-a"}}, Float(float64(f*p) + 0.25)})
		}
	}
	require.NoError(b, batch.Err())
	return batch
}

// BenchmarkRender is of 100,000 points. Its limits are the same text with its
// labels kept ready, and the copy of the same bytes.
func BenchmarkRender(b *testing.B) {
	batch := manyPoints(b)
	w := new(textWriter)
	text, _ := w.render([]*Batch{batch})
	text = append([]byte(nil), text...)
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			w.render([]*Batch{batch})
		}
	})
	b.Run("ready", func(b *testing.B) {
		var names []string
		var values []float64
		for line := range strings.Lines(string(text)) {
			if line[0] != '#' {
				at := strings.LastIndexByte(line, ' ') + 1
				v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
				require.NoError(b, err)
				names, values = append(names, line[:at]), append(values, v)
			}
		}
		out := make([]byte, 0, len(text))
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			out = out[:0]
			for i, name := range names {
				out = append(out, name...)
				out = append(strconv.AppendFloat(out, values[i], 'g', -1, 64), '\n')
			}
		}
	})
	b.Run("copy", func(b *testing.B) {
		out := make([]byte, 0, len(text))
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			out = append(out[:0], text...)
		}
	})
}
