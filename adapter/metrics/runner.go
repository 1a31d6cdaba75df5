package metrics

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hashicorp/go-multierror"
)

// A runnerRun is a Runner's Run.
type runnerRun struct {
	name string
	done chan struct{}
	err  error // set before done is closed
}

type runners []*runnerRun

// startRunners runs those of the sources that are Runners until ctx ends. fail is
// called when one ends before.
func startRunners(ctx context.Context, sources []namedSource, fail func()) (all runners) {
	for _, n := range sources {
		inner, _ := innermost(n.source)
		if s, ok := inner.(Runner); ok {
			r := &runnerRun{name: n.name, done: make(chan struct{})}
			all = append(all, r)
			go r.run(ctx, s, fail)
		}
	}
	return all
}

func (r *runnerRun) run(ctx context.Context, s Runner, fail func()) {
	r.err = errors.New("called runtime.Goexit")
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		close(r.done)
		fail()
	}()
	err := s.Run(ctx)
	switch {
	case ctx.Err() == nil && err == nil:
		err = errors.New("ended, and is to run as long as the exporter")
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		err = nil
	}
	r.err = err
}

// await returns when all have ended, which they were told; with the errors of
// those that failed, and of those that do not end within most or before grace does.
func (all runners) await(grace context.Context, most time.Duration) error {
	bounded, cancel := context.WithTimeout(grace, most)
	defer cancel()
	var failed *multierror.Error
	for _, r := range all {
		select {
		case <-r.done:
		case <-bounded.Done():
		}
		select {
		case <-r.done:
			if r.err != nil {
				failed = multierror.Append(failed, fmt.Errorf("source %q: %w", r.name, r.err))
			}
		default:
			failed = multierror.Append(failed, fmt.Errorf("source %q ignores that its context has ended, and is left behind", r.name))
		}
	}
	return joined(failed)
}
