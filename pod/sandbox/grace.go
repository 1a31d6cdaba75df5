package sandbox

import (
	"context"
	"errors"
	"time"
)

// Grace returns the context to drain under once ctx is done. It carries ctx's
// values, and it is done when the pod kills this run, or the grace period
// (outside a pod [DefaultGrace]) after ctx was done, whichever comes first; its
// error is then [context.DeadlineExceeded]. cancel releases it and must be
// called; calling it sooner is safe.
//
// Call Grace before ctx is done: outside a pod the period of a ctx that is done
// already counts from the call. ctx may be derived from the container's, for
// example by errgroup: then the period counts from the end of the derived one.
// In a pod that runs inside a container of another, the outer pod's kill ends it
// as well.
func Grace(ctx context.Context) (grace context.Context, cancel context.CancelFunc) {
	s := of(ctx)
	inner, end := context.WithCancelCause(context.WithoutCancel(ctx))
	expire := func() { end(context.DeadlineExceeded) }

	unwatch := context.AfterFunc(ctx, func() {
		left := s.period()
		if left <= 0 {
			expire()
			return
		}
		t := time.AfterFunc(left, expire)
		context.AfterFunc(inner, func() { t.Stop() })
	})
	unkill := func() bool { return true }
	if s.Killed != nil {
		unkill = context.AfterFunc(s.Killed, expire)
	}
	return graceContext{inner}, func() {
		unwatch()
		unkill()
		end(context.Canceled)
	}
}

func (s *Sandbox) period() time.Duration {
	if s.Grace > 0 {
		return s.Grace
	}
	return DefaultGrace
}

// A graceContext ends with DeadlineExceeded, so that a block that returns the
// error of an unfinished drain is not taken for one that stopped as told.
type graceContext struct{ context.Context }

func (c graceContext) Err() error {
	err := c.Context.Err()
	if err != nil && errors.Is(context.Cause(c.Context), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}
