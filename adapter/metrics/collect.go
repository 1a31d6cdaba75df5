package metrics

import (
	"context"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Collect adds to b what all sources have, settled as a scrape is, with the up of
// each. It may be called at any time: while Adapt runs it shares collections with
// the scrapes; else sources are collected all the same, but none is run that has
// to. The points are b's own.
func (e *Exporter) Collect(ctx context.Context, b *Batch) error {
	e.mu.Lock()
	r := e.run
	e.mu.Unlock()
	if r == nil {
		slots, err := e.alone()
		if err != nil {
			return err
		}
		collecting, stop := context.WithCancel(ctx)
		defer stop()
		r = e.newRun(collecting, sandbox.Logger(ctx), slots)
	}
	found, err := r.scrape(ctx, r.timeout)
	if err != nil {
		return err
	}
	defer found.release()
	if b.Resource == nil {
		b.Resource = found.Resource
	}
	for _, f := range found.families {
		b.copy(f)
	}
	return b.Err()
}

// alone returns the slots of the last run, or makes those of a first.
func (e *Exporter) alone() ([]*slot, error) {
	e.mu.Lock()
	slots := e.slots
	e.mu.Unlock()
	if slots != nil {
		return slots, nil
	}
	var wrong faults
	sources := e.sources(&wrong)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return e.begin(sources), nil
}

// String returns "exporter", its name as a source.
func (e *Exporter) String() string { return "exporter" }

// copy adds f with data of b's own.
func (b *Batch) copy(f *Family) {
	to := b.Family(f.Desc)
	for i := range f.Points {
		from := &f.Points[i]
		p := to.Add(from.Labels, from.Value)
		p.Start, p.Time = from.Start, from.Time
		if d := from.Buckets; d != nil {
			p.Buckets = b.NewBuckets()
			*p.Buckets = Buckets{append(p.Buckets.Bounds, d.Bounds...), append(p.Buckets.Counts, d.Counts...), d.Count, d.Sum}
		}
		if d := from.Exp; d != nil {
			e := b.NewExpBuckets()
			positive, negative := append(e.Positive.Counts, d.Positive.Counts...), append(e.Negative.Counts, d.Negative.Counts...)
			*e = *d
			e.Positive.Counts, e.Negative.Counts = positive, negative
			p.Exp = e
		}
		if d := from.Quantiles; d != nil {
			p.Quantiles = b.NewQuantiles()
			*p.Quantiles = Quantiles{append(p.Quantiles.Quantiles, d.Quantiles...), d.Count, d.Sum}
		}
		for _, x := range from.Exemplars {
			own := b.NewExemplar()
			*own = *x
			p.Exemplars = append(p.Exemplars, own)
		}
	}
}
