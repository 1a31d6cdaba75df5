package pod

import (
	"fmt"
	"strconv"
	"time"
)

// exited notes that a run has returned, also one that was given up.
func (r *run) exited(m *member, inst *instance, e exit, now time.Time) {
	if m.current != inst {
		return
	}
	c := &r.state.containers[m.index]
	if c.phase != running {
		r.event(m, now, Normal, e.reason, "returned after it was abandoned: exit code "+strconv.Itoa(e.code))
		r.observe(m, func(s *ContainerStatus) { s.Hanging = nil })
		e.failed = true // however it returns, that was how it ended
	} else {
		if c.stop == stopUnhealthy {
			e = e.unhealthy(inst.sick, m.Command != nil)
		}
		r.terminated(m, inst, e, now)
	}
	r.state.exited(m.index, e.failed, now)
	if c.phase == ended && m.Init {
		m.answer(errInitDone)
	}
	if wait := c.restartAt.Sub(now); c.phase == waiting && wait > 0 {
		reason := ReasonCrashLoopBackOff
		if inst.hookFailed {
			reason = ReasonPostStartHookError // K12
		}
		message := fmt.Sprintf("back-off %v restarting failed container=%s pod=%s", wait, m.Name, r.pod.name())
		r.observe(m, func(s *ContainerStatus) {
			s.LastState = State{Terminated: m.last.terminated}
			s.State = State{Waiting: &Waiting{Reason: reason, Message: message}}
		})
		r.event(m, now, Warning, ReasonBackOff, message)
	}
}

// terminated notes how a run ended.
func (r *run) terminated(m *member, inst *instance, e exit, now time.Time) {
	e.terminated = &Terminated{ExitCode: e.code, Reason: e.reason, Message: e.message, StartedAt: inst.began, FinishedAt: now}
	m.last = e
	r.observe(m, func(s *ContainerStatus) {
		s.State = State{Terminated: e.terminated}
		s.Started = false
		s.Ready = m.Init && e.code == 0 // K35
		if !inst.stopAt.IsZero() {
			s.StopDuration = now.Sub(inst.stopAt)
		}
		m.pid = 0
	})
	r.marks.record(m, 0)
	kind, reason := Normal, e.reason
	if e.failed {
		kind = Warning
	}
	if reason == ReasonRunContainerError {
		reason = ReasonFailed
	}
	message := "exit code " + strconv.Itoa(e.code)
	if e.message != "" {
		message += ": " + e.message
	}
	r.event(m, now, kind, reason, message)
}

// unhealthy is how a run ended that was stopped because of a probe or hook. A
// goroutine that stops as it should returns nil, where most programs die of the
// signal: it is taken as they are, so that OnFailure starts it again.
func (e exit) unhealthy(sick error, isCommand bool) exit {
	switch {
	case e.failed || sick == nil:
		return e
	case !isCommand:
		return failed(codeTerminated, ReasonError, sick)
	case e.code != 0: // it died of the signal
		return failed(e.code, ReasonError, fmt.Errorf("%w: %w", sick, e.err))
	}
	return e
}
