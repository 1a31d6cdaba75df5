package metrics

import "math"

// expanded are the buckets of an ExpHistogram with their bounds written out, for
// formats that have no other. Empty ones at either end are left out.
type expanded struct{ d Buckets }

func (x *expanded) of(e *ExpBuckets) *Buckets {
	d := &x.d
	d.Bounds, d.Counts, d.Count, d.Sum = d.Bounds[:0], d.Counts[:0], e.Count, e.Sum
	base := math.Exp2(math.Exp2(-float64(e.Scale)))
	bound := func(i int) float64 { return math.Pow(base, float64(i)) }
	for i := len(e.Negative.Counts) - 1; i >= 0; i-- {
		x.add(-bound(int(e.Negative.Offset)+i), e.Negative.Counts[i])
	}
	if e.ZeroCount > 0 || len(e.Negative.Counts) > 0 {
		x.add(e.ZeroThreshold, e.ZeroCount)
	}
	for i, n := range e.Positive.Counts {
		x.add(bound(int(e.Positive.Offset)+i+1), n)
	}
	for n := len(d.Bounds); n > 0 && d.Counts[n-1] == 0; n-- {
		d.Bounds, d.Counts = d.Bounds[:n-1], d.Counts[:n-1]
	}
	d.Counts = append(d.Counts, 0) // nothing is above the last
	return d
}

// add keeps the bounds growing: those that a float64 can't tell apart are one.
func (x *expanded) add(bound float64, count uint64) {
	d := &x.d
	n := len(d.Bounds)
	switch {
	case n == 0 && count == 0:
	case math.IsInf(bound, 0) || math.IsNaN(bound): // above the last
	case n > 0 && bound <= d.Bounds[n-1]:
		d.Counts[n-1] += count
	default:
		d.Bounds, d.Counts = append(d.Bounds, bound), append(d.Counts, count)
	}
}
