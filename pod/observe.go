package pod

import (
	"slices"
	"time"
)

// down takes a container that runs no more out of the counts.
func (st *state) down(i int, to phase) {
	st.containers[i].phase = to
	st.up--
	st.hooked = slices.DeleteFunc(st.hooked, func(j int) bool { return j == i })
	st.asked = slices.DeleteFunc(st.asked, func(r request) bool { return r.container == i && r.why == stopUnhealthy })
	if st.role(i) == roleMain {
		st.mainsUp--
	}
}

// let observes that the start of i's current run need not wait for h any more.
// What follows a helper waits until it has started, what follows a main container
// only for its PostStart, what follows an init container for its completion (K8,
// K11, K12).
func (st *state) let(i int, h holds) {
	c := &st.containers[i]
	if c.phase != running {
		return
	}
	c.holds &^= h
	if h == holdReady && st.spec.containers[i].readyServes {
		c.probes[readiness] = probeState{verdict: success, last: success, row: 1}
	}
	switch st.role(i) {
	case roleHelper:
		c.passed = c.passed || c.holds == 0
	case roleMain:
		c.passed = c.passed || c.holds&(holdBegin|holdPostStart) == 0
	}
}

// unhealthy observes that i's current run is to be stopped, within grace.
func (st *state) unhealthy(i int, grace time.Duration) {
	if c := &st.containers[i]; c.phase == running && c.stop == noStop && !st.stopping {
		st.asked = append(st.asked, request{container: i, why: stopUnhealthy, grace: grace})
	}
}

// restart observes that i is to be restarted by hand.
func (st *state) restart(i int) {
	c := &st.containers[i]
	if c.phase == running && c.stop != noStop {
		c.stop = stopByHand
		return
	}
	st.unask(i)
	st.asked = append(st.asked, request{container: i, why: stopByHand, grace: st.spec.grace})
}

// preStopped observes that the hook of i's current run has returned.
func (st *state) preStopped(i int) {
	c := &st.containers[i]
	if c.phase != running || c.hook != hookRunning {
		return
	}
	c.hook = hookDone
	if !c.told && (c.stop != stopOfPod || st.role(i) != roleHelper) { // else it waits for its turn
		st.hooked = append(st.hooked, i)
	}
	st.settleDeadline(i)
}

// exited observes that the current run of i has returned, also after it was
// given up.
func (st *state) exited(i int, failed bool, now time.Time) {
	c := &st.containers[i]
	if st.role(i) == roleMain {
		c.passed = true // one that can't be started holds nobody up (K11)
	}
	if c.phase == running {
		c.failed = failed
		st.down(i, waiting)
	}
	switch {
	case st.stopping && (!mayRestart(st, i, now) || c.told && c.stop == stopOfPod):
		st.end(i)
	case c.stop == stopByHand:
		c.phase, c.restartAt = waiting, now
	case st.role(i) == roleInit && !failed:
		c.passed = true
		st.unask(i)
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
	c.failed = true
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
		if c.phase != running {
			continue
		}
		c.graceEnd = earlier(c.graceEnd, now)
		if c.told {
			c.killAt, c.abandonAt = earlier(c.killAt, now), earlier(c.abandonAt, st.hardEnd)
		}
		st.settleDeadline(i)
	}
}
