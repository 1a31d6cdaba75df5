package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/go-multierror"
)

// A run is one call of Adapt.
type run struct {
	ctx     context.Context // of the collections
	stop    <-chan struct{}
	timeout time.Duration
	log     *slog.Logger
	slots   []*slot
	count   *counters
	scrapes chan struct{} // holds one element for each scrape under way
	conns   chan struct{} // and for each connection
}

var upFamily = Family{"up", "", "1 if the source was collected at this scrape, 0 if it failed or took too long: then none of its values are here.", Gauge}

// scrape collects from all sources, for at most wait. It returns the batches of
// those that worked and, first, the one that says which did; or ctx's error.
func (r *run) scrape(ctx context.Context, wait time.Duration) ([]*Batch, error) {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	flights := make([]*flight, len(r.slots))
	for i, s := range r.slots {
		flights[i] = s.join(r)
	}
	ups := new(Batch)
	batches := []*Batch{ups}
	for i, s := range r.slots {
		b, outcome := flights[i].wait(bounded)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		up := int64(0)
		switch outcome {
		case absent:
			continue
		case worked:
			up = 1
			batches = append(batches, b)
		default:
			s.missed()
		}
		ups.Add(upFamily, Point{[]Attr{{"source", s.name}}, Int(up)})
	}
	return batches, nil
}

// await returns when no collection is under way: they were told to end. It names
// those that do not before grace or another time-out ends.
func (r *run) await(grace context.Context) error {
	bounded, cancel := context.WithTimeout(grace, r.timeout)
	defer cancel()
	var left *multierror.Error
	for _, s := range r.slots {
		f := s.underWay()
		if f == nil {
			continue
		}
		select {
		case <-f.done:
		case <-bounded.Done():
		}
		if !f.landed() {
			left = multierror.Append(left, fmt.Errorf("source %q ignores that its context has ended, and is left behind: %s", s.name, f.tooLate()))
		}
	}
	return joined(left)
}
