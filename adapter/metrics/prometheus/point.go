package prometheus

import (
	"math"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// While a distribution is read, its counts are the bits of floats, because text
// may have any number there: the buckets' counts are of all below, and one that was
// not told is NaN. finish makes them what they are in the model.

func bits(v float64) uint64 { return math.Float64bits(v) }

func unbits(n uint64) float64 { return math.Float64frombits(n) }

// point returns the point of a distribution that a sample with these labels and
// this time belongs to.
func (of *family) point(b *metrics.Batch, l *metrics.Labels, time int64) *metrics.Point {
	if of.current >= 0 {
		if p := &of.out.Points[of.current]; p.Labels == l && p.Time == time {
			return p
		}
	} else {
		clear(of.points)
	}
	if i, known := of.points[l]; known && of.out.Points[i].Time == time {
		of.current = i
		return &of.out.Points[i]
	}
	p := of.out.Add(l, metrics.Value{})
	p.Time = time
	if of.kind == metrics.Summary {
		p.Quantiles = b.NewQuantiles()
		p.Quantiles.Sum, p.Quantiles.Count = math.NaN(), bits(math.NaN())
	} else {
		p.Buckets = b.NewBuckets()
		p.Buckets.Sum, p.Buckets.Count = math.NaN(), bits(math.NaN())
	}
	if b.Err() != nil {
		return p // which is kept nowhere
	}
	if of.points == nil {
		of.points = map[*metrics.Labels]int{}
	}
	of.current = len(of.out.Points) - 1
	of.points[l] = of.current
	return p
}

// put adds a sample to its point.
func put(p *metrics.Point, r role, bound float64, v float64) {
	switch d, q := p.Buckets, p.Quantiles; {
	case r == asBucket:
		d.Bounds, d.Counts = append(d.Bounds, bound), append(d.Counts, bits(v))
	case r == asQuantile:
		q.Quantiles = append(q.Quantiles, metrics.Quantile{Q: bound, Value: v})
	case r == asSum && d != nil:
		d.Sum = v
	case r == asSum:
		q.Sum = v
	case r == asCount && d != nil:
		d.Count = bits(v)
	case r == asCount:
		q.Count = bits(v)
	}
}
