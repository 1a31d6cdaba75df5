package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// A flight is one collection of one source.
type flight struct {
	ctx    context.Context // ends when the collection has no time left
	cancel context.CancelFunc
	log    *slog.Logger
	begun  time.Time

	done    chan struct{} // closed when Collect has returned, and before ctx is cancelled for that
	batch   *Batch        // what follows is set before
	twice   int           // points that were left out of batch
	took    time.Duration
	outcome outcome

	settled bool // the outcome is counted; under the slot's mu
	users   int  // of batch, likewise: the collection and those who joined it
}

// An outcome is how a collection ended.
type outcome uint8

const (
	worked outcome = iota
	absent         // the source is optional, and not available
	failed
	panicked
	late
)

// collect is the goroutine of a flight.
func (s *slot) collect(f *flight, source Source) {
	// One that hangs is counted when its time is over, whether or not it ever lands.
	unwatch := context.AfterFunc(f.ctx, func() { s.settle(f, late, f.tooLate()) })
	outcome, text := failed, "called runtime.Goexit"
	defer func() {
		if p := recover(); p != nil {
			outcome, text = panicked, fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
		unwatch()
		f.outcome, f.took = outcome, time.Since(f.begun)
		s.settle(f, outcome, text)
		s.land(f)
	}()
	outcome, text = f.measure(source, &s.names)
}

// measure calls the source, and also the methods of its error, because they are
// as much another's code as Collect is: a nil pointer in the error may panic.
func (f *flight) measure(source Source, n *names) (outcome, string) {
	err := source.Collect(f.ctx, f.batch)
	if err == nil && f.ctx.Err() == nil {
		f.twice, err = f.batch.arrange(n)
	}
	switch {
	case err == nil && f.ctx.Err() != nil:
		return late, f.tooLate()
	case err == nil:
		return worked, ""
	case errors.Is(err, errAbsent):
		return absent, err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return late, err.Error()
	}
	return failed, err.Error()
}

func (f *flight) tooLate() string {
	return fmt.Sprintf("not done after %v", time.Since(f.begun).Round(time.Millisecond))
}

// wait returns how the collection ended; the batch is there if it worked. It does
// not wait longer than ctx, nor for a collection that is out of time.
func (f *flight) wait(ctx context.Context) outcome {
	select {
	case <-f.done:
	case <-f.ctx.Done():
	case <-ctx.Done():
	}
	if !f.landed() {
		return late
	}
	return f.outcome
}

func (f *flight) duration(o outcome) time.Duration {
	if o == late && !f.landed() {
		return time.Since(f.begun)
	}
	return f.took
}

func (f *flight) landed() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
