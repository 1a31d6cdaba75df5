package pod

import "time"

// An action is what the runner is to do. Its effect on the state is apply's.
type action struct {
	do        do
	container int // none for stopPod
	why       why // of doPreStop and doStop
	killAt    time.Time
	abandonAt time.Time
	turn      int // of a stop whose turn has come: state.turn from then on
}

type do uint8

const (
	doStart   do = iota // begin the container's next run
	doPreStop           // begin the stop of its run by its hook, which has until killAt
	doStop              // end its context; its time is in killAt and abandonAt
	doKill              // its time is up
	doAbandon           // it did not return: report and give up
	doEnd               // it is not started again
	doStopPod
)

// decide says what is to be done now, and when to ask again if nothing happens
// until then (zero: never). It changes nothing. The caller applies what it got
// and asks again until there is nothing more to do.
func decide(sp *spec, st *state, now time.Time) (actions []action, wake time.Time) {
	if a, ok := due(sp, st, now); ok {
		return []action{a}, time.Time{}
	}
	if len(st.hooked) > 0 {
		i := st.hooked[0]
		c := &st.containers[i]
		return []action{stopRun(sp, st, i, c.stop, now, c.graceEnd)}, time.Time{}
	}
	if st.stopping {
		actions = stopTurns(sp, st, now)
		if st.up > 0 && now.Before(st.graceEnd) {
			wake = st.graceEnd // K17
		}
	} else {
		actions = progress(sp, st, now)
		wake = st.deadline // K40
	}
	if st.timers.Len() > 0 {
		if next := st.containers[st.timers.index[0]].deadline(); wake.IsZero() || next.Before(wake) {
			wake = next
		}
	}
	return actions, wake
}

// due is the action of the earliest deadline, if it has come.
func due(sp *spec, st *state, now time.Time) (action, bool) {
	if st.timers.Len() == 0 {
		return action{}, false
	}
	i := st.timers.index[0]
	c := &st.containers[i]
	if c.deadline().After(now) {
		return action{}, false
	}
	switch {
	case c.phase == running && !c.told:
		return stopRun(sp, st, i, c.stop, now, c.graceEnd), true // its hook has overrun (K20)
	case c.phase == running && !c.killed:
		return action{do: doKill, container: i}, true
	case c.phase == running:
		return action{do: doAbandon, container: i}, true
	case st.stopping && !mayRestart(st, i, now):
		return action{do: doEnd, container: i}, true
	default:
		return action{do: doStart, container: i}, true
	}
}

// mayRestart says whether a container is started again during the pod's stop: a
// helper, as long as a main container still terminates (K23 as KEP-753 designed
// it).
func mayRestart(st *state, i int, now time.Time) bool {
	return st.role(i) == roleHelper && st.mainsUp > 0 && now.Before(st.graceEnd)
}

// progress starts what is next, stops what is to be stopped by itself, and begins
// the pod's stop.
func progress(sp *spec, st *state, now time.Time) []action {
	if st.stopAsked || st.initFailed || st.mainsLeft == 0 || st.overdue(now) { // K3, K13, K40
		return stopPod(sp, st, now)
	}
	if len(st.asked) > 0 {
		r := st.asked[0]
		if st.containers[r.container].phase != running {
			return []action{{do: doStart, container: r.container}}
		}
		return []action{stopRun(sp, st, r.container, r.why, now, now.Add(r.grace))}
	}
	n := st.next
	if n == len(sp.order) || n > 0 && !st.containers[sp.order[n-1]].passed {
		return nil
	}
	return []action{{do: doStart, container: sp.order[n]}}
}

// overdue says whether the pod has been active for too long (K40).
func (st *state) overdue(now time.Time) bool {
	return !st.deadline.IsZero() && !now.Before(st.deadline)
}

// stopPod begins the pod's stop. It tells the mains and a running init container
// at once (K16, K19); all that have a PreStop hook begin with it (K18).
func stopPod(sp *spec, st *state, now time.Time) []action {
	actions := []action{{do: doStopPod}}
	for _, i := range sp.order {
		if st.containers[i].phase != running {
			continue
		}
		a := stopRun(sp, st, i, stopOfPod, now, st.stopGrace(now))
		if st.role(i) != roleHelper || a.do == doPreStop && st.containers[i].stop == noStop {
			actions = append(actions, a)
		}
	}
	return actions
}

// stopTurns tells the helpers whose turn has come to stop: one by one from the
// last (K16), all that are left when the grace is used up (K17).
func stopTurns(sp *spec, st *state, now time.Time) []action {
	graceUsedUp := !now.Before(st.graceEnd)
	if st.mainsUp > 0 && !graceUsedUp {
		return nil
	}
	var stops []action
	for n := st.turn - 1; n >= 0; n-- {
		i := sp.order[n]
		c := &st.containers[i]
		if st.role(i) != roleHelper || c.phase != running {
			continue
		}
		if !c.told || c.stop != stopOfPod {
			a := stopRun(sp, st, i, stopOfPod, now, st.graceEnd)
			if a.do == doStop || c.hook == noHook { // else its hook runs, and is waited for
				a.turn = n + 1
				stops = append(stops, a)
			}
		}
		if !graceUsedUp {
			break
		}
	}
	return stops
}

// stopRun stops a run that has until graceEnd: by its hook first, unless that is
// done, or the run has not even begun (K15 b, K20). Told, it has what is left of
// the grace, at least minGrace (K15 d), but in the pod's stop it is killed and
// given up before hardEnd.
func stopRun(sp *spec, st *state, i int, why why, now, graceEnd time.Time) action {
	c := &st.containers[i]
	if sp.containers[i].preStop && c.begun() && !c.told && c.hook != hookDone && now.Before(graceEnd) {
		return action{do: doPreStop, container: i, why: why, killAt: graceEnd}
	}
	kill := later(graceEnd, now.Add(minGrace))
	abandon := kill.Add(settle)
	if st.stopping {
		kill = earlier(kill, st.hardEnd.Add(-settle))
		abandon = earlier(kill.Add(settle), st.hardEnd)
	}
	return action{do: doStop, container: i, why: why, killAt: kill, abandonAt: abandon}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
