package prometheus

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// scrapeText is what a program with families of gauges, counters and histograms
// shows: some 100,000 samples, in text 0.0.4 or OpenMetrics.
func scrapeText(t testing.TB, f metrics.Format) (text []byte, samples int) {
	t.Helper()
	var b metrics.Batch
	for i := range 50 {
		g := b.Family(metrics.Desc{Name: fmt.Sprintf("app.gauge.%02d", i), Unit: "By", Kind: metrics.Gauge, Help: "A gauge."})
		c := b.Family(metrics.Desc{Name: fmt.Sprintf("app.requests.%02d", i), Kind: metrics.Counter, Help: "A counter."})
		h := b.Family(metrics.Desc{Name: fmt.Sprintf("app.latency.%02d", i), Unit: "s", Kind: metrics.Histogram, Help: "A histogram."})
		for j := range 500 {
			l := metrics.NewLabels("host", fmt.Sprintf("host-%03d", j), "path", "/api/v1/things", "code", "200")
			g.Add(l, metrics.Float(float64(i*j)+0.25))
			c.Add(l, metrics.Int(int64(i*j)))
			if j%10 == 0 {
				p := h.Add(l, metrics.Value{})
				p.Buckets = b.NewBuckets()
				*p.Buckets = metrics.Buckets{Bounds: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, Counts: make([]uint64, 12), Count: 3, Sum: 1.5}
				p.Buckets.Counts[3] = 3
			}
		}
	}
	text = []byte(written(t, f, &b))
	for line := range strings.Lines(string(text)) {
		if line[0] != '#' {
			samples++
		}
	}
	return text, samples
}

func BenchmarkRead(b *testing.B) {
	for name, f := range map[string]metrics.Format{"text": metrics.Text, "openmetrics": metrics.OpenMetrics} {
		text, _ := scrapeText(b, f)
		b.Run(name, func(b *testing.B) {
			var r Reader
			var batch metrics.Batch
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				var err error
				if f == metrics.Text {
					err = r.Text(bytes.NewReader(text), &batch)
				} else {
					err = r.OpenMetrics(bytes.NewReader(text), &batch)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestReadingTheSameAgainAllocatesNothing(t *testing.T) {
	for _, f := range []metrics.Format{metrics.Text, metrics.OpenMetrics} {
		text, samples := scrapeText(t, f)
		var r Reader
		var batch metrics.Batch
		read := r.Text
		if f == metrics.OpenMetrics {
			read = r.OpenMetrics
		}
		allocs := testing.AllocsPerRun(3, func() {
			batch.Reset()
			if err := read(bytes.NewReader(text), &batch); err != nil {
				t.Fatal(err)
			}
		})
		require.Less(t, allocs, float64(samples)/1000, f.ContentType())
		require.Equal(t, string(text), written(t, f, &batch))
	}
}
