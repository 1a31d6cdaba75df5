package pod

import (
	"cmp"
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

func (p *Probe) period() time.Duration  { return cmp.Or(p.Period, 10*time.Second) }
func (p *Probe) timeout() time.Duration { return cmp.Or(p.Timeout, time.Second) }

// thresholds is the probe as decide sees it; a nil p is none.
func (p *Probe) thresholds(grace time.Duration) thresholds {
	if p == nil {
		return thresholds{}
	}
	return thresholds{
		success: cmp.Or(p.SuccessThreshold, 1),
		failure: cmp.Or(p.FailureThreshold, 3),
		grace:   cmp.Or(p.TerminationGracePeriod, grace),
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

// An asker asks one of a run's probes, every period until its context ends.
type asker struct {
	inst  *instance
	kind  int
	probe *Probe
	ctx   context.Context // readiness has the run's, once it is asked
	next  time.Time       // when it is due
	call  asked
}

// ask asks once, and sees to it that it is called again. Between two questions
// there is no goroutine.
func (a *asker) ask() {
	if a.ctx == nil {
		a.ctx = a.inst.values()
	}
	if a.ctx.Err() != nil {
		return
	}
	began := time.Now()
	result, err := a.call.ask(a.ctx, a.probe)
	if a.ctx.Err() != nil {
		a.call.leave()
		return
	}
	now := time.Now()
	took := now.Sub(began)
	a.inst.run.inbox.put(func(now time.Time) { a.inst.run.probed(a.inst, a.kind, result, err, took, now) })
	a.next = following(a.next, a.probe.period(), now)
	a.inst.later(a.kind, a.next.Sub(now), a.ask)
}

// following is the time of the question after the one of last. If several are
// due by now, they are asked as one.
func following(last time.Time, period time.Duration, now time.Time) time.Time {
	missed := max(now.Sub(last)/period, 1)
	return last.Add(missed * period)
}

// asked is a call of a probe's Handler that may not have returned yet.
type asked struct {
	answer <-chan error
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
	a.answer = begin(ctx, p.Handler)
	select {
	case err := <-a.answer:
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
		await(a.answer, settle/10)
	}
}

// answerWith calls h, and answers whatever it does.
func answerWith(ctx context.Context, h Handler, answer func(error)) {
	err := errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		answer(err)
	}()
	err = h.Handle(ctx)
}

// begin calls h on a goroutine of its own.
func begin(ctx context.Context, h Handler) <-chan error {
	answer := make(chan error, 1)
	go answerWith(ctx, h, func(err error) { answer <- err })
	return answer
}
