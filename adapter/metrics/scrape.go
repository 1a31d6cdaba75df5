package metrics

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/go-multierror"
)

// A run is one call of Adapt, or of Collect without one.
type run struct {
	ctx      context.Context // of the collections
	stop     <-chan struct{}
	timeout  time.Duration
	log      *slog.Logger
	slots    []*slot
	count    *counters
	resource *Labels
	limits   limits
	formats  []served
	web      *web
	scrapes  chan struct{} // holds one element for each scrape under way
	conns    chan struct{} // and for each connection
}

var (
	upDesc       = Desc{Name: "up", Kind: Gauge, Help: "1 if the source was collected at this scrape, 0 if it failed or took too long: then none of its values are here."}
	durationDesc = Desc{Name: "source.duration", Unit: "s", Kind: Gauge, Help: "How long the collection of the source took, or has taken so far."}
)

// A scraped is what a scrape brought. It must be released.
type scraped struct {
	*Batch
	conflicts conflicts
	flights   []*flight
	slots     []*slot
	settler   *settler
}

func (s *scraped) release() {
	if s.settler != nil {
		s.settler.release()
	}
	for i, f := range s.flights {
		s.slots[i].release(f)
	}
}

// scrape collects from all sources, for at most wait. It returns what those have
// that worked, and which did; or ctx's error.
func (r *run) scrape(ctx context.Context, wait time.Duration) (*scraped, error) {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	result := &scraped{flights: make([]*flight, len(r.slots)), slots: r.slots}
	for i, s := range r.slots {
		result.flights[i] = s.join(r)
	}
	own := new(Batch)
	up, duration := own.Family(upDesc), own.Family(durationDesc)
	batches := []*Batch{own}
	twice := 0
	for i, s := range r.slots {
		f := result.flights[i]
		outcome := f.wait(bounded)
		// A source that failed because the grace period ended does not make an answer.
		if err := cmp.Or(ctx.Err(), r.ctx.Err()); err != nil {
			result.release()
			return nil, err
		}
		value := int64(0)
		switch outcome {
		case absent:
			continue
		case worked:
			value = 1
			batches = append(batches, f.batch)
			twice += f.twice
		default:
			s.missed()
		}
		up.Add(s.labels, Int(value))
		duration.Add(s.labels, Float(f.duration(outcome).Seconds()))
	}
	for _, f := range own.families {
		f.arrange()
	}
	result.settler = settlers.get()
	result.Batch, result.conflicts = result.settler.settle(r.resource, batches)
	result.conflicts.points += twice
	return result, nil
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
