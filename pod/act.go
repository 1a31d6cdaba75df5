package pod

import "time"

// act carries a out, after the state has taken it up. before is how the stop of
// its container's run stood until then.
func (r *run) act(a action, before containerState, now time.Time) {
	if a.do == doStopPod {
		r.stopping(now)
		return
	}
	m := r.members[a.container]
	switch a.do {
	case doStart:
		r.start(m, now)
	case doPreStop:
		if before.hook == noHook {
			r.killing(m, a, now)
			m.current.preStop(now, a.killAt.Sub(now))
		}
	case doStop:
		if before.stop == noStop {
			r.killing(m, a, now)
		}
		if !before.told {
			m.current.toldAt = now
			m.current.endHook()
			m.current.stop()
		}
	case doKill:
		r.event(m, now, Warning, ReasonExceededGracePeriod, "did not stop within "+inMillis(now.Sub(m.current.toldAt)))
		m.current.kill()
	case doAbandon:
		go r.report(m, m.current, now.Sub(m.current.stopAt))
	case doEnd:
		m.answer(errStopping)
	}
}

// stopping begins the pod's stop.
func (r *run) stopping(now time.Time) {
	why := "its main containers are done"
	switch {
	case r.state.initFailed:
		why = "an init container failed and its restart policy is Never"
	case r.state.deadlined:
		why = ErrActiveDeadline.Error()
	case r.state.stopAsked:
		why = "it was told to"
	}
	r.send(Event{Time: now, Type: Normal, Reason: ReasonKilling, Message: "stopping pod: " + why})
	for _, m := range r.members {
		if r.state.containers[m.index].phase != running {
			m.answer(errStopping)
		} else {
			m.current.endChecks() // K22
		}
	}
}

// killing says that the stop of a run begins, and why.
func (r *run) killing(m *member, a action, now time.Time) {
	m.current.stopAt = now
	why := ""
	if a.why == stopUnhealthy && m.current.sick != nil {
		why = ": " + m.current.sick.Error()
	}
	r.event(m, now, Normal, ReasonKilling, "stopping container, within "+inMillis(a.killAt.Sub(now))+why)
	m.current.endChecks()
}

// start begins m's next run.
func (r *run) start(m *member, now time.Time) {
	number := r.state.containers[m.index].run
	r.observe(m, func(s *ContainerStatus) {
		if number > 1 {
			s.RestartCount = number - 1
			s.LastState = State{Terminated: m.last.terminated}
		}
		s.Started, s.StartDuration = false, 0
		s.State = r.waiting()
		s.Probes = m.probes(now)
	})
	m.current = r.instance(m, number)
	if m.beginsAtOnce() {
		r.began(m.current, 0, now) // first, so that the observer is not woken between here and its goroutine
	}
	m.current.launch()
	m.answer(nil)
}

// beginsAtOnce says whether a launched goroutine is all that a run needs to have
// begun. To wait for its first word takes as long as all the rest of a start.
func (c *Container) beginsAtOnce() bool { return c.Command == nil && !c.hasAside() }

// began notes that a run has begun: its goroutine, or its process, is there.
func (r *run) began(inst *instance, pid int, now time.Time) {
	m := inst.member
	if m.current != inst || r.state.containers[m.index].phase != running {
		return
	}
	inst.began = now
	r.observe(m, func(s *ContainerStatus) {
		s.State = State{Running: &RunningSince{StartedAt: now}}
		m.pid = pid
	})
	r.marks.record(m, pid)
	r.event(m, now, Normal, ReasonStarted, "container started")
	inst.beginHooks()
	r.let(inst, holdBegin, now)
}

// let takes from what holds the start of a run up (K8), and notes what follows.
func (r *run) let(inst *instance, h holds, now time.Time) {
	m := inst.member
	if m.current != inst {
		return
	}
	r.state.let(m.index, h)
	if h == holdReady && m.Readiness == nil {
		r.observeProbe(m, readiness, success, success, nil, now.Sub(inst.began), now)
	}
	if inst.hasStarted || !r.state.containers[m.index].started() {
		return
	}
	inst.hasStarted = true
	r.observe(m, func(s *ContainerStatus) { s.Started, s.StartDuration = true, now.Sub(inst.began) })
	r.observeReady(inst, now)
	inst.beginChecks()
}

// observeReady notes whether a container is ready (K35).
func (r *run) observeReady(inst *instance, now time.Time) {
	m := inst.member
	ready := !m.Init && r.state.ready(m.index)
	was := m.status.Ready
	r.observe(m, func(s *ContainerStatus) { s.Ready = ready })
	if ready && !was && (inst.wasReady || m.waits()) {
		r.event(m, now, Normal, ReasonReady, "container is ready")
	}
	inst.wasReady = inst.wasReady || ready
}

// waits says whether a container may start later than it runs, or be ready later.
func (c *Container) waits() bool { return c.holds() != holdBegin || c.Readiness != nil }

// report finds out which goroutines hang, off the loop, takes the listener from
// them, and has the run given up.
func (r *run) report(m *member, inst *instance, after time.Duration) {
	err := &AbandonedError{After: after.Round(time.Millisecond), Stacks: stacks(inst.label)}
	inst.endLeases()
	r.inbox.put(func(now time.Time) {
		if m.current != inst || r.state.containers[m.index].phase != running || !inst.abandon() {
			return // it returned while it was looked at
		}
		r.terminated(m, inst, failed(codeAbandoned, ReasonAbandoned, err), now)
		r.observe(m, func(s *ContainerStatus) { s.Hanging = &Hang{Since: now, Stacks: err.Stacks} })
		r.state.gaveUp(m.index)
		m.answer(err)
	})
}

func inMillis(d time.Duration) string { return d.Round(time.Millisecond).String() }

func (r *run) event(m *member, now time.Time, kind, reason, message string) {
	r.send(Event{
		Time: now, Type: kind, Reason: reason, Container: m.Name,
		Run: r.state.containers[m.index].run, Message: shortened(message),
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
