package pod

import (
	"errors"
	"fmt"
	"time"
)

// act carries a out, after the state has taken it up. told says whether its
// container had been told to stop before.
func (r *run) act(a action, told bool, now time.Time) {
	if a.do == doStopPod {
		r.send(Event{Time: now, Type: Normal, Reason: ReasonKilling, Message: r.whyStopping()})
		for _, m := range r.members {
			if r.state.containers[m.index].phase != running {
				m.answer(errStopping)
			}
		}
		return
	}
	m := r.members[a.container]
	switch a.do {
	case doStart:
		r.start(m, now)
	case doStop:
		if !told {
			m.current.toldAt = now
			r.event(m, now, Normal, ReasonKilling, "stopping container, within %v", a.killAt.Sub(now).Round(time.Millisecond))
			m.current.stop()
		}
	case doKill:
		r.event(m, now, Warning, ReasonExceededGracePeriod, "did not stop within %v", now.Sub(m.current.toldAt).Round(time.Millisecond))
		m.current.kill()
	case doAbandon:
		go r.report(m, m.current, now.Sub(m.current.toldAt))
	case doEnd:
		m.answer(errStopping)
	}
}

func (r *run) whyStopping() string {
	switch {
	case r.state.initFailed:
		return "stopping pod: an init container failed and its restart policy is Never"
	case r.state.stopAsked:
		return "stopping pod: it was told to"
	default:
		return "stopping pod: its main containers are done"
	}
}

// start begins m's next run.
func (r *run) start(m *member, now time.Time) {
	number := r.state.containers[m.index].run
	r.observe(m, func(s *ContainerStatus) {
		if number > 1 {
			s.RestartCount = number - 1
			s.LastState = State{Terminated: m.last.terminated}
		}
		s.Started, s.Ready = false, false
		s.State = State{Waiting: &Waiting{Reason: r.waitingReason()}}
	})
	m.current = r.launch(m, number)
	m.answer(nil)
	if m.Command == nil {
		r.began(m, m.current, 0, now)
	}
}

// began notes that a run has begun: its goroutine, or its process, is there.
func (r *run) began(m *member, inst *instance, pid int, now time.Time) {
	if m.current != inst {
		return
	}
	inst.began = now
	r.observe(m, func(s *ContainerStatus) {
		s.State = State{Running: &RunningSince{StartedAt: now}}
		m.pid = pid
	})
	r.marks.record(m, pid)
	r.event(m, now, Normal, ReasonStarted, "container started")
	if inst.gated {
		return
	}
	r.passed(m, inst, now)
}

// passed notes that a run has passed its start gate (K8).
func (r *run) passed(m *member, inst *instance, now time.Time) {
	if m.current != inst || r.state.containers[m.index].phase != running {
		return
	}
	r.state.ready(m.index)
	r.observe(m, func(s *ContainerStatus) { s.Started, s.Ready = true, m.kind() != KindInit })
	if inst.gated {
		r.event(m, now, Normal, ReasonReady, "container is ready")
	}
}

// exited notes that a run has returned, also one that was given up.
func (r *run) exited(m *member, inst *instance, e exit, now time.Time) {
	if m.current != inst {
		return
	}
	c := &r.state.containers[m.index]
	gaveUp := c.phase != running
	if gaveUp {
		r.event(m, now, Normal, e.reason, "returned after it was abandoned: exit code %d", e.code)
	} else {
		r.terminated(m, inst, e, now)
	}
	r.state.exited(m.index, e.failed, now)
	if wait := c.restartAt.Sub(now); c.phase == waiting && wait > 0 {
		message := fmt.Sprintf("back-off %v restarting failed container=%s pod=%s", wait, m.Name, r.pod.name())
		r.observe(m, func(s *ContainerStatus) {
			s.LastState = State{Terminated: m.last.terminated}
			s.State = State{Waiting: &Waiting{Reason: ReasonCrashLoopBackOff, Message: message}}
		})
		r.event(m, now, Warning, ReasonBackOff, "%s", message)
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
		m.pid = 0
	})
	r.marks.record(m, 0)
	kind, reason := Normal, e.reason
	if e.failed {
		kind = Warning
	}
	if errors.Is(e.err, errStart) {
		reason = ReasonFailed
	}
	message := fmt.Sprintf("exit code %d", e.code)
	if e.message != "" {
		message += ": " + e.message
	}
	r.event(m, now, kind, reason, "%s", message)
}

// report finds out which goroutines hang, off the loop, takes the listener from
// them, and has the run given up.
func (r *run) report(m *member, inst *instance, after time.Duration) {
	err := &AbandonedError{After: after.Round(time.Millisecond), Stacks: stacks(inst.label)}
	inst.endLeases()
	r.inbox.put(func(now time.Time) {
		if m.current != inst || r.state.containers[m.index].phase != running {
			return // it returned while it was looked at
		}
		inst.abandon()
		r.terminated(m, inst, failure(codeAbandoned, ReasonAbandoned, err), now)
		r.state.gaveUp(m.index)
		m.answer(err)
	})
}

func (r *run) event(m *member, now time.Time, kind, reason, format string, args ...any) {
	r.send(Event{
		Time: now, Type: kind, Reason: reason, Container: m.Name,
		Run: r.state.containers[m.index].run, Message: fmt.Sprintf(format, args...),
	})
}

func (r *run) send(e Event) {
	r.pod.publish(e)
	r.feed.send(e)
}

// observe changes what Status reads.
func (r *run) observe(m *member, change func(*ContainerStatus)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := m.status.Ready
	change(&m.status)
	if is := m.status.Ready; is != was && !m.Init {
		if is {
			r.conditions.unready--
		} else {
			r.conditions.unready++
		}
	}
}
