package statsd

import (
	"context"
	"slices"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// atATime is how many series are read before samples have their turn again.
const atATime = 256

// Collect adds what was counted. It may be called at any time, and does not hold
// up the samples that come meanwhile: each series is as of one moment, but not
// all of the same.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	t := &s.table
	t.walking.Lock()
	defer t.walking.Unlock()
	t.mu.Lock()
	families := slices.Clone(t.order)
	t.mu.Unlock()
	for _, f := range families {
		if err := t.collect(ctx, f, b); err != nil {
			return err
		}
	}
	s.collectOwn(b)
	return nil
}

func (t *table) collect(ctx context.Context, f *family, b *metrics.Batch) error {
	to := b.Family(f.desc)
	for from := 0; ; from += atATime {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.mu.Lock()
		now := time.Now().UnixNano()
		some := f.series[min(from, len(f.series)):]
		last := len(some) <= atATime
		for _, s := range some[:min(len(some), atATime)] {
			t.pointLocked(f, s, to, b, now)
		}
		if last && f.over != nil {
			t.pointLocked(f, f.over, to, b, now)
		}
		t.mu.Unlock()
		if last {
			return nil
		}
	}
}

func (t *table) pointLocked(f *family, s *series, to *metrics.Family, b *metrics.Batch, now int64) {
	switch {
	case f.op == opCounter:
		to.Add(s.labels, s.total()).Start = s.start
	case s.set != nil:
		s.set.turn(t.periodOf(now), &t.budget)
		to.Add(s.labels, metrics.Int(int64(s.set.size())))
	case f.op == opGauge:
		to.Add(s.labels, gaugeValue(s.value))
	case s.bounds != nil:
		p := to.Add(s.labels, metrics.Value{})
		p.Start, p.Buckets = s.start, s.buckets(b)
	case s.exp != nil:
		p := to.Add(s.labels, metrics.Value{})
		p.Start, p.Exp = s.start, s.expBuckets(b)
	default:
		s.window.turn(f.halfOf(now))
		p := to.Add(s.labels, metrics.Value{})
		p.Start, p.Quantiles = s.start, s.summary(f.observer.quantiles(), b)
	}
}

// gaugeValue is an integer where that says the same.
func gaugeValue(v float64) metrics.Value {
	if n := int64(v); v > -exact && v < exact && float64(n) == v {
		return metrics.Int(n)
	}
	return metrics.Float(v)
}

func (s *series) buckets(b *metrics.Batch) *metrics.Buckets {
	d := b.NewBuckets()
	d.Bounds = append(d.Bounds, s.bounds...)
	for _, w := range s.weights {
		d.Counts = append(d.Counts, rounded(w))
		d.Count += rounded(w)
	}
	d.Sum = s.sum
	return d
}

func (s *series) expBuckets(b *metrics.Batch) *metrics.ExpBuckets {
	d := b.NewExpBuckets()
	d.Scale, d.ZeroCount, d.Count, d.Sum = s.exp.scale, rounded(s.exp.zero), rounded(s.exp.zero), s.sum
	for _, side := range [...]struct {
		to   *metrics.ExpSpan
		from *span
	}{{&d.Positive, &s.exp.positive}, {&d.Negative, &s.exp.negative}} {
		side.to.Offset = side.from.offset
		for _, w := range side.from.weights {
			side.to.Counts = append(side.to.Counts, rounded(w))
			d.Count += rounded(w)
		}
	}
	return d
}

func (s *series) summary(quantiles []float64, b *metrics.Batch) *metrics.Quantiles {
	d := b.NewQuantiles()
	for _, q := range quantiles {
		d.Quantiles = append(d.Quantiles, metrics.Quantile{Q: q, Value: s.window.quantile(q)})
	}
	d.Count, d.Sum = rounded(s.count), s.sum
	return d
}
