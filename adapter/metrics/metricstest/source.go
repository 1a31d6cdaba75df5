package metricstest

import (
	"cmp"
	"context"
	"sync"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A Source is a fake one. Its zero value adds nothing. Its methods may be called
// at any time and by any goroutine, and what was told last counts from the next
// collection on.
type Source struct {
	// Name is that of the source. Empty: "fake".
	Name string

	mu    sync.Mutex
	do    func(ctx context.Context, b *metrics.Batch) error
	calls int
}

var _ metrics.Source = (*Source)(nil)

// String returns the name.
func (s *Source) String() string { return cmp.Or(s.Name, "fake") }

// Collect does what s was told to.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	s.mu.Lock()
	s.calls++
	do := s.do
	s.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx, b)
}

// Collected is how often Collect was called.
func (s *Source) Collected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Add has s add what add adds. nil: nothing.
func (s *Source) Add(add func(b *metrics.Batch)) {
	s.set(func(_ context.Context, b *metrics.Batch) error {
		if add != nil {
			add(b)
		}
		return nil
	})
}

// Gauge has s add one gauge.
func (s *Source) Gauge(name string, v float64) {
	s.Add(func(b *metrics.Batch) { b.Gauge(name, "", "A value of a fake source.", metrics.Float(v)) })
}

// Fail has s add a gauge, which must not be seen, and return err.
func (s *Source) Fail(err error) {
	s.set(func(_ context.Context, b *metrics.Batch) error {
		stale(b)
		return err
	})
}

// Panic has s panic with v, when it has added a gauge that must not be seen.
func (s *Source) Panic(v any) {
	s.set(func(_ context.Context, b *metrics.Batch) error {
		stale(b)
		panic(v)
	})
}

// Hang has s wait until its context ends, as a source may, and return its error.
func (s *Source) Hang() {
	s.set(func(ctx context.Context, b *metrics.Batch) error {
		stale(b)
		<-ctx.Done()
		return ctx.Err()
	})
}

// HangUntil has s wait until released is closed, whatever becomes of its context,
// as a source must not.
func (s *Source) HangUntil(released <-chan struct{}) {
	s.set(func(_ context.Context, b *metrics.Batch) error {
		stale(b)
		<-released
		return nil
	})
}

func (s *Source) set(do func(context.Context, *metrics.Batch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

func stale(b *metrics.Batch) {
	b.Gauge("must_not_be_seen", "", "A value of a collection that fails.", metrics.Int(1))
}
