package metrics

import (
	"math"
	"slices"
	"strconv"
)

// histograms writes them with buckets that count all below.
func (t *textWriter) histograms(f *Family, base string) {
	sum, count := "_sum", "_count"
	if t.open && f.Kind == GaugeHistogram {
		sum, count = "_gsum", "_gcount"
	}
	created := t.open && f.Kind != GaugeHistogram && t.free(base, "_created")
	for i := range f.Points {
		p := &f.Points[i]
		d := p.Buckets
		if d == nil && p.Exp != nil {
			d = t.exp.of(p.Exp)
		}
		if d == nil {
			continue
		}
		t.buckets(d, p, base)
		// In OpenMetrics there is a sum with a count or neither, and none where it could fall.
		whole := !math.IsNaN(d.Sum) && (f.Kind == GaugeHistogram || len(d.Bounds) == 0 || d.Bounds[0] >= 0)
		if whole || !t.open && !math.IsNaN(d.Sum) {
			t.series(base, sum, p.Labels)
			t.out = appendFloat(t.out, d.Sum, t.open)
			t.endSample(p.Time)
		}
		if whole || !t.open {
			t.series(base, count, p.Labels)
			t.out = strconv.AppendUint(t.out, d.Count, 10)
			t.endSample(p.Time)
		}
		if created {
			t.created(base, p)
		}
		t.full()
		if t.err != nil {
			return
		}
	}
}

func (t *textWriter) buckets(d *Buckets, p *Point, base string) {
	t.le.render(d.Bounds, t.open)
	below := uint64(0)
	for i := range len(d.Bounds) + 1 {
		if i < len(d.Counts) {
			below += d.Counts[i]
		}
		if i == len(d.Bounds) {
			below = d.Count
		}
		t.bucket(base, "_bucket", p.Labels, "le", t.le.text(i))
		t.out = strconv.AppendUint(t.out, below, 10)
		t.time(p.Time)
		if t.open {
			if e := exemplarOf(p.Exemplars, d.Bounds, i); e != nil {
				t.exemplar(e)
			}
		}
		t.out = append(t.out, '\n')
		t.full()
	}
}

// exemplarOf is the last of all that lies in bucket i.
func exemplarOf(all []*Exemplar, bounds []float64, i int) *Exemplar {
	for _, e := range slices.Backward(all) {
		if (i == len(bounds) || e.Value <= bounds[i]) && (i == 0 || e.Value > bounds[i-1]) {
			return e
		}
	}
	return nil
}

// bounds are the values of le, which neighbouring points mostly have in common.
type bounds struct {
	of   []float64
	open bool
	all  []byte
	ends []int
}

func (b *bounds) render(of []float64, open bool) {
	if b.open == open && len(b.ends) > 0 && slices.Equal(b.of, of) {
		return
	}
	b.of, b.open, b.all, b.ends = append(b.of[:0], of...), open, b.all[:0], b.ends[:0]
	for _, v := range of {
		b.all = appendFloat(b.all, v, open)
		b.ends = append(b.ends, len(b.all))
	}
	b.all = append(b.all, "+Inf"...)
	b.ends = append(b.ends, len(b.all))
}

func (b *bounds) text(i int) []byte {
	from := 0
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.all[from:b.ends[i]]
}

func (t *textWriter) summaries(f *Family, base string) {
	created := t.open && t.free(base, "_created")
	for i := range f.Points {
		p := &f.Points[i]
		d := p.Quantiles
		if d == nil {
			continue
		}
		for _, q := range d.Quantiles {
			if t.open && q.Value < 0 {
				continue // it has none
			}
			t.key = appendFloat(t.key[:0], q.Q, t.open)
			t.bucket(base, "", p.Labels, "quantile", t.key)
			t.out = appendFloat(t.out, q.Value, t.open)
			t.endSample(p.Time)
		}
		if !math.IsNaN(d.Sum) && !(t.open && d.Sum < 0) {
			t.series(base, "_sum", p.Labels)
			t.out = appendFloat(t.out, d.Sum, t.open)
			t.endSample(p.Time)
		}
		t.series(base, "_count", p.Labels)
		t.out = strconv.AppendUint(t.out, d.Count, 10)
		t.endSample(p.Time)
		if created {
			t.created(base, p)
		}
		t.full()
		if t.err != nil {
			return
		}
	}
}
