package pod

import (
	"context"
	"fmt"
	"time"
)

// postStart calls the hook beside the run (K12).
func (inst *instance) postStart() {
	r, m := inst.run, inst.member
	err := callHook(inst.checked, m.PostStart)
	if inst.checked.Err() != nil {
		return // the run is being stopped, or has ended
	}
	r.inbox.put(func(now time.Time) {
		if m.current != inst || r.state.containers[m.index].stop != noStop {
			return
		}
		if err == nil {
			r.let(inst, holdPostStart, now)
			return
		}
		inst.hookFailed, inst.sick = true, fmt.Errorf("PostStart hook failed: %w", err)
		r.event(m, now, Warning, ReasonFailedPostStartHook, inst.sick.Error())
		r.state.unhealthy(m.index, r.spec.grace)
	})
}

// preStop calls the hook within its time (K15, K20).
func (inst *instance) preStop(now time.Time, within time.Duration) {
	r, m := inst.run, inst.member
	ctx, cancel := context.WithTimeout(inst.values(), within)
	inst.endHook = cancel
	inst.aside(func() {
		err := callHook(ctx, m.PreStop)
		if err == nil {
			err = ctx.Err()
		}
		r.inbox.put(func(now time.Time) {
			if m.current != inst || r.state.containers[m.index].phase != running {
				return
			}
			if err != nil {
				r.event(m, now, Warning, ReasonFailedPreStopHook, fmt.Sprintf("PreStop hook failed: %v", err))
			}
			r.state.preStopped(m.index)
		})
	})
}

// callHook calls h, and leaves it behind a moment after ctx has ended.
func callHook(ctx context.Context, h Handler) error {
	answer := begin(ctx, h)
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	if err, ok := await(answer, settle/10); ok {
		return err
	}
	return fmt.Errorf("it did not return in time: %w", context.Cause(ctx))
}

// readyRetry is the pause after a block's Ready failed.
const readyRetry = time.Second

// awaitReady asks the block whether it is ready, again and again until it is, and
// has the run start then. said is why it was not the last time.
func (inst *instance) awaitReady(block readier, said string) {
	answerWith(inst.inner, HandlerFunc(block.Ready), func(err error) {
		defer func() { inst.idle <- struct{}{} }()
		r, m := inst.run, inst.member
		if inst.inner.Err() != nil {
			return
		}
		if err == nil {
			r.inbox.put(func(now time.Time) { r.let(inst, holdReady, now) })
			return
		}
		text := err.Error()
		if text != said {
			r.inbox.put(func(now time.Time) { r.event(m, now, Warning, ReasonUnhealthy, "Ready failed: "+text) })
		}
		inst.later(readiness, readyRetry, func() {
			<-inst.idle
			go inst.awaitReady(block, text)
		})
	})
}
