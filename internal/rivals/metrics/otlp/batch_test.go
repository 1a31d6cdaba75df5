package otlp_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// batch is one of all kinds of points, with at most that many in a family.
func batch(r *rand.Rand, most int) *metrics.Batch {
	b := new(metrics.Batch)
	b.Resource = labels(r)
	for i := range 1 + r.IntN(14) {
		f := b.Family(metrics.Desc{
			Name: fmt.Sprintf("family.%d", i), Unit: []string{"", "s", "By", "{thing}"}[r.IntN(4)], Help: text(r),
			Kind: metrics.Kind(r.IntN(int(metrics.GaugeHistogram) + 1)), Delta: r.IntN(3) == 0, Verbatim: r.IntN(3) == 0,
		})
		for range 1 + r.IntN(most) {
			p := f.Add(labels(r), value(r))
			p.Time = now
			if r.IntN(2) == 0 {
				p.Start = now - r.Int64N(1e12)
			}
			switch f.Kind {
			case metrics.Histogram, metrics.GaugeHistogram:
				p.Buckets = b.NewBuckets()
				*p.Buckets = metrics.Buckets{Count: r.Uint64(), Sum: float(r)}
				if n := r.IntN(12); n > 0 {
					p.Buckets.Counts = counts(r, n)
					for i := range n - 1 {
						p.Buckets.Bounds = append(p.Buckets.Bounds, float64(i)/7-0.5)
					}
				}
			case metrics.ExpHistogram:
				p.Exp = b.NewExpBuckets()
				*p.Exp = metrics.ExpBuckets{
					Scale: int32(r.IntN(40) - 20), ZeroThreshold: r.Float64(), ZeroCount: r.Uint64(), Count: r.Uint64(), Sum: float(r),
					Positive: metrics.ExpSpan{Offset: int32(r.Uint32()), Counts: counts(r, 1+r.IntN(160))},
					Negative: metrics.ExpSpan{Offset: int32(r.Uint32()), Counts: counts(r, 1+r.IntN(9))},
				}
			case metrics.Summary:
				p.Quantiles = b.NewQuantiles()
				*p.Quantiles = metrics.Quantiles{Count: r.Uint64(), Sum: float(r)}
				for i := range r.IntN(5) {
					p.Quantiles.Quantiles = append(p.Quantiles.Quantiles, metrics.Quantile{Q: float64(i) / 4, Value: float(r)})
				}
			}
			if f.Kind != metrics.Summary {
				for range r.IntN(3) {
					p.Exemplars = append(p.Exemplars, exemplar(r, b))
				}
			}
		}
	}
	return b
}

func exemplar(r *rand.Rand, b *metrics.Batch) *metrics.Exemplar {
	x := b.NewExemplar()
	x.Value, x.Time = float(r), r.Int64N(now)
	pairs := []string{"k", text(r)}
	switch r.IntN(3) {
	case 0:
		pairs = append(pairs, "trace_id", fmt.Sprintf("%016x%016X", 1+r.Uint64()>>1, r.Uint64()), "span_id", fmt.Sprintf("%016x", 1+r.Uint64()>>1))
	case 1:
		pairs = append(pairs, "trace_id", "not hex", "span_id", "12")
	}
	x.Labels = metrics.NewLabels(pairs...)
	return x
}

func counts(r *rand.Rand, n int) (all []uint64) {
	for range n {
		all = append(all, r.Uint64()>>r.IntN(64))
	}
	return all
}

func labels(r *rand.Rand) *metrics.Labels {
	var pairs []string
	for range r.IntN(4) {
		pairs = append(pairs, []string{"a", "service.name", "ü", "b\xff", "cpu.mode"}[r.IntN(5)], text(r))
	}
	return metrics.NewLabels(pairs...)
}

func text(r *rand.Rand) string {
	return []string{"", "plain", "a\"b\\c\n\t\x00", "☕ é \u2028", "</script>"}[r.IntN(5)]
}

func value(r *rand.Rand) metrics.Value {
	if r.IntN(2) == 0 {
		return metrics.Int(int64(r.Uint64() >> r.IntN(64)))
	}
	return metrics.Float(float(r))
}

func float(r *rand.Rand) float64 {
	special := []float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, -1.5, 1e-9}
	if i := r.IntN(2 * len(special)); i < len(special) {
		return special[i]
	}
	return r.NormFloat64() * 1e6
}
