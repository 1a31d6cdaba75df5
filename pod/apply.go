package pod

import "time"

// apply makes the state what it is once the runner has carried a out.
func (st *state) apply(a action, now time.Time) {
	i := a.container
	switch a.do {
	case doStopPod:
		st.stopping = true
		st.asked = nil
		st.graceEnd = now.Add(st.spec.grace)
		st.hardEnd = st.graceEnd.Add(minGrace)
		st.turn = len(st.spec.order)
		return
	case doStart:
		st.start(i, now)
	case doStop:
		c := &st.containers[i]
		if c.told {
			a.killAt, a.abandonAt = earlier(a.killAt, c.killAt), earlier(a.abandonAt, c.abandonAt)
		}
		c.told, c.killAt, c.abandonAt = true, a.killAt, a.abandonAt
		c.byHand = !st.stopping
		if c.byHand {
			st.unask(i)
		} else if st.role(i) == roleHelper {
			st.turn = st.spec.position[i] + 1
		}
	case doKill:
		st.containers[i].killed = true
	case doAbandon:
		st.containers[i].giveUp = true
	case doEnd:
		st.end(i)
	}
	st.settleDeadline(i)
}

func (st *state) start(i int, now time.Time) {
	c := &st.containers[i]
	if c.phase == pending {
		st.next = st.spec.position[i] + 1
	}
	if c.phase == ended && st.role(i) == roleMain {
		st.mainsLeft++ // by hand
	}
	st.unask(i)
	*c = containerState{
		phase: running, run: c.run + 1, passed: c.passed, startedAt: now,
		backOff: c.backOff, failed: c.failed, slot: c.slot,
	}
	st.up++
	if st.role(i) == roleMain {
		st.mainsUp++
	}
}

func (st *state) unask(i int) {
	if len(st.asked) > 0 && st.asked[0] == i {
		st.asked = st.asked[1:]
	}
}

func (st *state) end(i int) {
	c := &st.containers[i]
	if c.phase != ended && st.role(i) == roleMain {
		st.mainsLeft--
	}
	c.phase = ended
}

// down takes a container that runs no more out of the counts.
func (st *state) down(i int, to phase) {
	st.containers[i].phase = to
	st.up--
	if st.role(i) == roleMain {
		st.mainsUp--
	}
}

// ready observes that the current run of i has passed its start gate; an init
// container's is its completion (K8).
func (st *state) ready(i int) {
	c := &st.containers[i]
	c.started = true
	c.passed = c.passed || st.role(i) != roleInit
}

// exited observes that the current run of i has returned, also after it was
// given up.
func (st *state) exited(i int, failed bool, now time.Time) {
	c := &st.containers[i]
	c.started = false
	if st.role(i) == roleMain {
		c.passed = true // one that can't be started holds nobody up (K11)
	}
	if c.phase == running {
		c.failed = failed
		st.down(i, waiting)
	}
	switch {
	case st.stopping && !mayRestart(st, i, now), st.stopping && c.told && !c.byHand:
		st.end(i)
	case c.byHand:
		c.phase, c.restartAt = waiting, now
	case st.role(i) == roleInit && !failed:
		c.passed = true
		st.end(i)
	case st.role(i) == roleInit && st.spec.containers[i].policy == Never:
		st.initFailed = true
		st.end(i)
	case st.restarts(i, failed):
		if c.backOff == nil {
			c.backOff = newBackOff()
		}
		c.phase, c.restartAt = waiting, now.Add(c.backOff.next(now.Sub(c.startedAt)))
	default:
		st.end(i)
	}
	st.settleDeadline(i)
}

// restarts says whether i is started again after its exit (K1 to K3).
func (st *state) restarts(i int, failed bool) bool {
	c := st.spec.containers[i]
	switch {
	case c.role == roleHelper:
		return true
	case c.role == roleInit:
		return failed
	case c.policy == OnFailure:
		return failed
	default:
		return c.policy == Always
	}
}

// gaveUp observes that the current run of i was given up.
func (st *state) gaveUp(i int) {
	c := &st.containers[i]
	if c.phase != running {
		return // it returned while it was being reported
	}
	c.failed, c.started = true, false
	st.down(i, abandoned)
	if st.stopping {
		st.end(i)
	}
	st.settleDeadline(i)
}

// hurry observes that the time for the pod's stop is up, because a pod around it
// is killed: whatever is left is told and killed at once.
func (st *state) hurry(now time.Time) {
	st.graceEnd = now
	st.hardEnd = now.Add(settle / 2)
	for i := range st.containers {
		c := &st.containers[i]
		if c.phase == running && c.told {
			c.killAt, c.abandonAt = earlier(c.killAt, now), earlier(c.abandonAt, st.hardEnd)
			st.settleDeadline(i)
		}
	}
}
