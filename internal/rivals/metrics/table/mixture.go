package main

import (
	"fmt"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// mixture is gauges, counters and a tenth of histograms.
func mixture(families, points int) *metrics.Batch {
	b := new(metrics.Batch)
	for i := range families {
		g := b.Family(metrics.Desc{Name: fmt.Sprintf("app.gauge.%02d", i), Unit: "By", Kind: metrics.Gauge, Help: "A gauge."})
		c := b.Family(metrics.Desc{Name: fmt.Sprintf("app.requests.%02d", i), Kind: metrics.Counter, Help: "A counter."})
		h := b.Family(metrics.Desc{Name: fmt.Sprintf("app.latency.%02d", i), Unit: "s", Kind: metrics.Histogram, Help: "A histogram."})
		for j := range points {
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
	return b
}
