package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// finish makes the points of a distribution what they are in the model. An error
// is why one can't be, and then none of them was touched but in its order.
func (of *family) finish() error {
	for i := range of.out.Points {
		if err := of.judge(&of.out.Points[i]); err != nil {
			return fmt.Errorf("%s{%s}: %w", of.name, of.out.Points[i].Labels.Text(), err)
		}
	}
	for i := range of.out.Points {
		p := &of.out.Points[i]
		if q := p.Quantiles; q != nil {
			q.Count = whole(unbits(q.Count))
			continue
		}
		settle(p.Buckets)
	}
	return nil
}

// judge sorts what p has, and says why it is no distribution.
func (of *family) judge(p *metrics.Point) error {
	if q := p.Quantiles; q != nil {
		slices.SortStableFunc(q.Quantiles, func(a, b metrics.Quantile) int { return cmp.Compare(a.Q, b.Q) })
		return isCount(unbits(q.Count))
	}
	d := p.Buckets
	if !slices.IsSorted(d.Bounds) {
		sort.Stable((*byBound)(d))
	}
	below := 0.0
	for i, c := range d.Counts {
		v := unbits(c)
		if err := isCount(v); err != nil || math.IsNaN(v) {
			return fmt.Errorf("the bucket le=%v has %v", d.Bounds[i], v)
		}
		if v < below || i > 0 && d.Bounds[i] == d.Bounds[i-1] || math.IsNaN(d.Bounds[i]) {
			return fmt.Errorf("the bucket le=%v has %v, and the one before it %v", d.Bounds[i], v, below)
		}
		below = v
	}
	count := unbits(d.Count)
	if err := isCount(count); err != nil {
		return err
	}
	if n := len(d.Bounds); !math.IsNaN(count) && (count < below || n > 0 && math.IsInf(d.Bounds[n-1], 1) && count != below) {
		return fmt.Errorf("the buckets have %v, and the count is %v", below, count)
	}
	return nil
}

// isCount holds for NaN too, which stands for none.
func isCount(v float64) error {
	if v < 0 || v > 1<<63 || v != math.Trunc(v) && !math.IsNaN(v) {
		return errors.New("a count that is no whole number")
	}
	return nil
}

func whole(v float64) uint64 {
	if math.IsNaN(v) {
		return 0
	}
	return uint64(v)
}

// settle makes counts of each bucket alone of a judged distribution.
func settle(d *metrics.Buckets) {
	n, all := len(d.Bounds), unbits(d.Count)
	if math.IsNaN(all) {
		all = 0
		if n > 0 {
			all = unbits(d.Counts[n-1])
		}
	}
	if n > 0 && math.IsInf(d.Bounds[n-1], 1) {
		d.Bounds, d.Counts = d.Bounds[:n-1], d.Counts[:n-1]
	}
	below := uint64(0)
	for i, c := range d.Counts {
		at := uint64(unbits(c))
		d.Counts[i], below = at-below, at
	}
	d.Count = uint64(all)
	d.Counts = append(d.Counts, d.Count-below)
}

// byBound sorts the buckets with their counts.
type byBound metrics.Buckets

func (b *byBound) Len() int           { return len(b.Bounds) }
func (b *byBound) Less(i, j int) bool { return b.Bounds[i] < b.Bounds[j] }
func (b *byBound) Swap(i, j int) {
	b.Bounds[i], b.Bounds[j] = b.Bounds[j], b.Bounds[i]
	b.Counts[i], b.Counts[j] = b.Counts[j], b.Counts[i]
}

// spill turns a distribution that is none into families of plain values, so that
// nothing of it is lost.
func (of *family) spill(b *metrics.Batch) {
	var own metrics.Family
	made := map[string]*metrics.Family{"": &own}
	for i := range of.out.Points {
		p := &of.out.Points[i]
		with := func(name string, v float64) *metrics.Labels {
			return metrics.LabelsOf(append(slices.Clone(p.Labels.All()), metrics.Label{Name: name, Value: fmt.Sprint(v)}))
		}
		add := func(suffix string, l *metrics.Labels, v float64) {
			if made[suffix] == nil {
				made[suffix] = b.Family(metrics.Desc{Name: of.name + suffix, Verbatim: true})
			}
			made[suffix].Add(l, metrics.Float(v)).Time = p.Time
		}
		s, c := math.NaN(), bits(math.NaN())
		if d := p.Buckets; d != nil {
			for i, bound := range d.Bounds {
				add("_bucket", with("le", bound), unbits(d.Counts[i]))
			}
			s, c = d.Sum, d.Count
		}
		if q := p.Quantiles; q != nil {
			for _, q := range q.Quantiles {
				add("", with("quantile", q.Q), q.Value)
			}
			s, c = q.Sum, q.Count
		}
		if !math.IsNaN(s) {
			add("_sum", p.Labels, s)
		}
		if n := unbits(c); !math.IsNaN(n) {
			add("_count", p.Labels, n)
		}
	}
	of.kind, of.out.Points = metrics.Unknown, append(of.out.Points[:0], own.Points...)
}
