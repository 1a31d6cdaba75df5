package pod

import "time"

// An action is what the runner is to do. Its effect on the state is apply's.
type action struct {
	do        do
	container int // none for stopPod
	killAt    time.Time
	abandonAt time.Time
}

type do uint8

const (
	doStart   do = iota // begin the container's next run
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
	if st.stopping {
		actions = stopTurns(sp, st, now)
		if st.up > 0 && now.Before(st.graceEnd) {
			wake = st.graceEnd // K17
		}
	} else {
		actions = progress(sp, st, now)
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

// progress starts what is next and begins the pod's stop.
func progress(sp *spec, st *state, now time.Time) []action {
	if st.stopAsked || st.initFailed || st.mainsLeft == 0 { // K3, K13
		return stopPod(sp, st, now)
	}
	if len(st.asked) > 0 {
		i := st.asked[0]
		if st.containers[i].phase == running {
			kill := now.Add(sp.grace)
			return []action{{do: doStop, container: i, killAt: kill, abandonAt: kill.Add(settle)}}
		}
		return []action{{do: doStart, container: i}}
	}
	n := st.next
	if n == len(sp.order) || n > 0 && !st.containers[sp.order[n-1]].passed {
		return nil
	}
	return []action{{do: doStart, container: sp.order[n]}}
}

// stopPod begins the pod's stop, and tells the mains and a running init container
// at once (K16, K19).
func stopPod(sp *spec, st *state, now time.Time) []action {
	actions := []action{{do: doStopPod}}
	kill := now.Add(sp.grace)
	for _, i := range sp.order {
		if st.role(i) != roleHelper && st.containers[i].phase == running {
			actions = append(actions, action{do: doStop, container: i, killAt: kill, abandonAt: kill.Add(settle)})
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
		if !c.told || c.byHand {
			stops = append(stops, stopHelper(st, i, now))
		}
		if !graceUsedUp {
			break
		}
	}
	return stops
}

// stopHelper gives a helper what is left of the grace, at least minGrace (K15 d),
// but has it killed and given up before hardEnd.
func stopHelper(st *state, i int, now time.Time) action {
	kill := earlier(now.Add(max(st.graceEnd.Sub(now), minGrace)), st.hardEnd.Add(-settle))
	return action{do: doStop, container: i, killAt: kill, abandonAt: earlier(kill.Add(settle), st.hardEnd)}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
