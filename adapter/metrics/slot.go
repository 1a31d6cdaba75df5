package metrics

import (
	"context"
	"sync"
	"time"
)

// A slot holds one source and the collection of it that is under way: at most
// one, which all scrapes of the time share. So a source that hangs costs one
// goroutine, however often it is scraped.
type slot struct {
	name   string
	labels *Labels
	names  names // of the collection under way

	mu     sync.Mutex
	source Source
	flight *flight
	spare  []*Batch
	stats  SourceStats
	down   bool // so it was logged
}

// maxSpare is how many batches a slot keeps for its next collections: one is
// being written while the next is filled.
const maxSpare = 2

// begin makes s one of a run. What hangs since an earlier run stays in flight.
func (s *slot) begin(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source, s.down, s.stats.Up = source, false, false
}

// join returns the collection under way, or begins one.
func (s *slot) join(r *run) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil {
		f := &flight{log: r.log, begun: time.Now(), done: make(chan struct{}), batch: s.takeLocked(), users: 1}
		f.batch.limits = r.limits
		f.ctx, f.cancel = context.WithTimeout(r.ctx, r.timeout)
		s.flight = f
		s.stats.Collections++
		go s.collect(f, s.source)
	}
	s.flight.users++
	return s.flight
}

func (s *slot) takeLocked() *Batch {
	n := len(s.spare)
	if n == 0 {
		return new(Batch)
	}
	b := s.spare[n-1]
	s.spare = s.spare[:n-1]
	return b
}

func (s *slot) land(f *flight) {
	s.mu.Lock()
	s.flight = nil
	s.stats.Duration = f.took
	if f.outcome == worked {
		s.stats.Points = f.batch.points
	}
	s.mu.Unlock()
	close(f.done)
	f.cancel()
	s.release(f)
}

// release gives f's batch back when nobody uses it any more. One of a collection
// that failed is not used again: who knows who still holds it.
func (s *slot) release(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.users--
	if f.users == 0 && f.landed() && f.outcome == worked && len(s.spare) < maxSpare {
		f.batch.Reset()
		s.spare = append(s.spare, f.batch)
	}
}

// settle counts the outcome of a flight once, and logs it where it is news: a
// source that stays down is not said again. text says why it did not work.
func (s *slot) settle(f *flight, o outcome, text string) {
	s.mu.Lock()
	if f.settled || context.Cause(f.ctx) == context.Canceled { // a run that has ended tells nothing of its sources
		s.mu.Unlock()
		return
	}
	f.settled = true
	was := s.down
	s.countLocked(o, text)
	is := s.down
	s.mu.Unlock()
	switch {
	case is && !was:
		f.log.Warn("metrics: source failed, up is 0 until it works again", "source", s.name, "error", text)
	case was && o == worked:
		f.log.Info("metrics: source works again", "source", s.name)
	}
}

func (s *slot) countLocked(o outcome, text string) {
	s.down = o > absent
	s.stats.Up = o == worked
	if o != worked {
		s.stats.LastError = text
	}
	if s.down {
		s.stats.Failures++
	}
	switch o {
	case panicked:
		s.stats.Panics++
	case late:
		s.stats.Timeouts++
	}
}

func (s *slot) underWay() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight
}

func (s *slot) missed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Missed++
}

func (s *slot) snapshot() SourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Name = s.name
	stats.Hanging = s.flight != nil && s.flight.ctx.Err() != nil
	return stats
}
