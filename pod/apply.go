package pod

import (
	"slices"
	"time"
)

// apply makes the state what it is once the runner has carried a out.
func (st *state) apply(a action, now time.Time) {
	i := a.container
	switch a.do {
	case doStopPod:
		st.stopping = true
		st.deadlined = !st.stopAsked && !st.initFailed && st.mainsLeft > 0
		st.asked = nil
		st.graceEnd = st.stopGrace(now)
		st.hardEnd = st.graceEnd.Add(minGrace)
		st.turn = len(st.spec.order)
		return
	case doStart:
		st.start(i, now)
	case doPreStop:
		st.begin(i, a)
		st.containers[i].hook = hookRunning
	case doStop:
		c := &st.containers[i]
		if c.told {
			a.killAt, a.abandonAt = earlier(a.killAt, c.killAt), earlier(a.abandonAt, c.abandonAt)
		}
		st.begin(i, a)
		c.told, c.killAt, c.abandonAt = true, a.killAt, a.abandonAt
		if a.turn > 0 {
			st.turn = a.turn
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

// begin notes that the stop of i's run has begun, and that what asked for it is
// answered.
func (st *state) begin(i int, a action) {
	c := &st.containers[i]
	if c.stop == noStop || a.killAt.Before(c.graceEnd) {
		c.graceEnd = a.killAt
	}
	c.stop = a.why
	st.unask(i)
	st.hooked = slices.DeleteFunc(st.hooked, func(j int) bool { return j == i })
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
		holds: st.spec.containers[i].holds, backOff: c.backOff, failed: c.failed, slot: c.slot,
	}
	st.up++
	if st.role(i) == roleMain {
		st.mainsUp++
	}
}

// unask drops what is asked for i.
func (st *state) unask(i int) {
	st.asked = slices.DeleteFunc(st.asked, func(r request) bool { return r.container == i })
}

func (st *state) end(i int) {
	c := &st.containers[i]
	if c.phase != ended && st.role(i) == roleMain {
		st.mainsLeft--
	}
	c.phase = ended
}
