package pod

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// A Probe asks again and again how a container is (K25). Times of less than a
// second are taken as they are.
type Probe struct {
	// Handler asks once: an [HTTPGet], [TCPSocket], [GRPC] or [Exec], or a
	// function as a [HandlerFunc]. One that panics has failed. It should return
	// when its context ends; while it does not, it is not asked again, and each
	// Period counts as a failure.
	Handler Handler

	// InitialDelay is the time from the run's start to the first question.
	InitialDelay time.Duration

	// Period is the time between two questions. 0: 10 s. What comes due while one
	// is not answered yet is left out.
	Period time.Duration

	// Timeout is how long an answer may take. 0: 1 s.
	Timeout time.Duration

	// SuccessThreshold is how many successes in a row make a failed probe succeed.
	// 0: 1, which it must be for Startup and Liveness.
	SuccessThreshold int

	// FailureThreshold is how many failures in a row make it fail. 0: 3.
	FailureThreshold int

	// TerminationGracePeriod is for the stop that a failure leads to (K21). 0: the
	// pod's. Not for Readiness.
	TerminationGracePeriod time.Duration
}

func (p *Probe) period() time.Duration  { return orDefault(p.Period, 10*time.Second) }
func (p *Probe) timeout() time.Duration { return orDefault(p.Timeout, time.Second) }

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// thresholds is the probe as decide sees it; a nil p is none.
func (p *Probe) thresholds(grace time.Duration) thresholds {
	if p == nil {
		return thresholds{}
	}
	return thresholds{
		success: orDefault(p.SuccessThreshold, 1),
		failure: orDefault(p.FailureThreshold, 3),
		grace:   orDefault(p.TerminationGracePeriod, grace),
	}
}

// probe is the container's probe of a kind, nil if it has none. A block's Ready
// serves as its readiness once it has let the container start.
func (c *Container) probe(kind int) *Probe {
	switch kind {
	case startup:
		return c.Startup
	case liveness:
		return c.Liveness
	}
	if block, ok := c.block().(readier); ok && c.Readiness == nil {
		return &Probe{Handler: HandlerFunc(block.Ready)}
	}
	return c.Readiness
}

var probeNames = [probeKinds]string{"Startup", "Readiness", "Liveness"}

// probe asks from first on, every period, until ctx ends.
func (inst *instance) probe(ctx context.Context, kind int, p *Probe, first time.Time) {
	var call asked
	defer call.leave()
	if now := time.Now(); first.Before(now) {
		first = now
	}
	for next := first; sleep(ctx, time.Until(next)); {
		began := time.Now()
		result, err := call.ask(ctx, p)
		if ctx.Err() != nil {
			return
		}
		took := time.Since(began)
		inst.run.inbox.put(func(now time.Time) { inst.run.probed(inst, kind, result, err, took, now) })
		next = following(next, p.period(), time.Now())
	}
}

// following is the time of the question after the one of last. If several are
// due by now, they are asked as one.
func following(last time.Time, period time.Duration, now time.Time) time.Time {
	missed := max(now.Sub(last)/period, 1)
	return last.Add(missed * period)
}

// sleep waits for d, and returns false once ctx is done. It sets no timer that is
// due already: in a bubble of testing/synctest, two of these at once crash the race
// detector of Go 1.26.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// asked is a call of a probe's Handler that may not have returned yet.
type asked struct {
	answer chan error
	late   bool // its time is over
}

// ask calls the Handler, unless the last call has not returned.
func (a *asked) ask(ctx context.Context, p *Probe) (verdict, error) {
	if a.answer != nil {
		select {
		case <-a.answer:
			a.late = false
		default:
			return failure, errors.New("the last question has not been answered yet")
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout(), fmt.Errorf("no answer within %v", p.timeout()))
	defer cancel()
	answer := make(chan error, 1)
	go answerWith(ctx, p.Handler, answer)
	a.answer = answer
	select {
	case err := <-answer:
		a.answer = nil
		switch {
		case err == nil:
			return success, nil
		case ctx.Err() != nil:
			return failure, context.Cause(ctx)
		case errors.Is(err, ErrInconclusive):
			return unknown, err
		}
		return failure, err
	case <-ctx.Done():
		a.late = errors.Is(ctx.Err(), context.DeadlineExceeded)
		return failure, context.Cause(ctx)
	}
}

// leave waits a moment for the last call to return, if that has not had its time.
func (a *asked) leave() {
	if a.answer != nil && !a.late {
		select {
		case <-a.answer:
		case <-time.After(settle / 10):
		}
	}
}

// answerWith calls h, and answers whatever it does.
func answerWith(ctx context.Context, h Handler, answer chan<- error) {
	err := errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		answer <- err
	}()
	err = h.Handle(ctx)
}
