package pod

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar"
)

// A world is what a runner and its containers would be, in a time of its own. It
// carries decide's actions out, and knows nothing of the state but what it is
// told.
type world struct {
	t     *testing.T
	spec  *spec
	state *state
	now   time.Time
	input []byte

	lives     []bool // an instance has not returned, given up or not
	givenUp   []bool
	completed []bool // of an init container
	passed    []bool
	told      []bool
	hooks     []bool // its PreStop runs
	hookUntil []time.Time
	starts    []int
	stopped   time.Time // when the pod's stop began
	hurried   bool
}

func newWorld(t *testing.T, input []byte) *world {
	w := &world{t: t, now: time.Unix(1_000_000, 0), input: input}
	p := &Pod{TerminationGracePeriod: time.Duration(w.take()) * time.Second}
	if deadline := w.take(); deadline%4 == 0 {
		p.ActiveDeadline = time.Duration(deadline) * time.Second
	}
	p.RestartPolicy = []RestartPolicy{"", Always, OnFailure, Never}[w.take()%4]
	containers := 1 + int(w.take()%7)
	for i := range containers {
		c := Container{Name: fmt.Sprintf("c%d", i)}
		switch kind := w.take(); {
		case i == 0, kind%3 == 0:
			c.Command = []string{"main"}
			c.RestartPolicy = []RestartPolicy{"", Always, OnFailure, Never}[kind/3%4]
		case kind%3 == 1:
			c.Command, c.Init = []string{"init"}, true
		default:
			c.Sidecar = nothing{}
		}
		if has := w.take(); !c.Init {
			for bit, set := range []func(){
				func() { c.PostStart = HandlerFunc(nil) },
				func() { c.PreStop = HandlerFunc(nil) },
				func() { c.Startup = &Probe{FailureThreshold: 2} },
				func() { c.Liveness = &Probe{TerminationGracePeriod: 5 * time.Second} },
				func() { c.Readiness = &Probe{SuccessThreshold: 2} },
			} {
				if has>>bit&1 == 1 && has&0x80 != 0 {
					set()
				}
			}
		}
		p.Containers = append(p.Containers, c)
	}
	w.spec = p.spec("")
	w.state = newState(w.spec, w.now)
	n := len(w.spec.containers)
	for _, s := range []*[]bool{&w.lives, &w.givenUp, &w.completed, &w.passed, &w.told, &w.hooks} {
		*s = make([]bool, n)
	}
	w.starts = make([]int, n)
	w.hookUntil = make([]time.Time, n)
	return w
}

func (w *world) take() byte {
	if len(w.input) == 0 {
		return 0
	}
	b := w.input[0]
	w.input = w.input[1:]
	return b
}

// settle does what the runner's settle does, and holds each action against what
// must never happen.
func (w *world) settle() (wake time.Time) {
	for range 10 * (len(w.lives) + 2) {
		before := w.snapshot()
		actions, wake := decide(w.spec, w.state, w.now)
		require.True(w.t, reflect.DeepEqual(before, w.snapshot()), "decide changes nothing")
		if len(actions) == 0 {
			require.True(w.t, wake.IsZero() || wake.After(w.now), "wake is ahead")
			return wake
		}
		for _, a := range actions {
			w.check(a)
			w.state.apply(a, w.now)
			w.carryOut(a)
		}
	}
	w.t.Fatal("decide does not settle")
	return time.Time{}
}

func (w *world) snapshot() any {
	s := *w.state
	s.containers = slices.Clone(s.containers)
	s.timers.index = slices.Clone(s.timers.index)
	s.asked = slices.Clone(s.asked)
	s.hooked = slices.Clone(s.hooked)
	s.timers.state = nil
	return s
}

func (w *world) check(a action) {
	role := func(i int) role { return w.spec.containers[i].role }
	position := func(i int) int { return slices.Index(w.spec.order, i) }
	mainsLive := false
	for i := range w.lives {
		mainsLive = mainsLive || role(i) == roleMain && w.lives[i] && !w.givenUp[i]
	}
	i := a.container
	switch a.do {
	case doStart:
		require.False(w.t, w.lives[i], "one instance at most")
		if !w.stopped.IsZero() {
			require.Equal(w.t, roleHelper, role(i), "only helpers are started during the stop")
			require.True(w.t, mainsLive, "and only while a main terminates")
		}
		for _, before := range w.spec.order[:position(i)] {
			switch role(before) {
			case roleInit:
				require.True(w.t, w.completed[before], "an init container before it has completed")
			case roleHelper:
				require.True(w.t, w.passed[before], "a helper before it has passed its gate")
			case roleMain:
				require.True(w.t, w.starts[before] > 0 && w.passed[before], "a main before it was started")
			}
		}
		if role(i) == roleInit {
			require.False(w.t, w.completed[i], "success is never run again")
		}
	case doPreStop:
		require.True(w.t, w.lives[i] && !w.givenUp[i] && !w.told[i], "before it is told")
		require.True(w.t, a.killAt.After(w.now))
	case doStop:
		require.True(w.t, w.lives[i] && !w.givenUp[i])
		require.False(w.t, w.hooks[i] && w.now.Before(w.hookUntil[i]) && !w.hurried, "after its hook")
		require.False(w.t, a.killAt.After(a.abandonAt))
		if w.stopped.IsZero() || w.hurried {
			return
		}
		graceEnd := w.stopped.Add(w.spec.grace)
		require.False(w.t, a.abandonAt.After(graceEnd.Add(minGrace)), "the pod ends in time")
		if role(i) != roleHelper || !w.now.Before(graceEnd) {
			return
		}
		require.False(w.t, mainsLive, "helpers are told after the mains")
		require.False(w.t, a.killAt.Before(graceEnd), "and have what is left of the grace")
		for j := range w.lives {
			if role(j) == roleHelper && position(j) > position(i) {
				require.True(w.t, !w.lives[j] || w.givenUp[j], "the last first")
			}
		}
	case doKill:
		require.True(w.t, w.lives[i] && w.told[i], "told before it is killed")
	}
}

func (w *world) carryOut(a action) {
	i := a.container
	switch a.do {
	case doStart:
		w.lives[i], w.told[i], w.hooks[i] = true, false, false
		w.starts[i]++
	case doPreStop:
		if !w.hooks[i] {
			w.hooks[i], w.hookUntil[i] = true, a.killAt
		}
		w.hookUntil[i] = earlier(w.hookUntil[i], a.killAt)
	case doStop:
		w.told[i], w.hooks[i] = true, false
	case doAbandon:
		w.givenUp[i] = true
		w.state.gaveUp(i)
	case doStopPod:
		require.True(w.t, w.stopped.IsZero(), "the pod is stopped once")
		w.stopped = w.now
	}
}

// happen lets something happen that the input chooses.
func (w *world) happen(wake time.Time) {
	what, i := w.take(), int(w.take())%len(w.lives)
	c := &w.state.containers[i]
	switch what % 11 {
	case 0, 1, 2:
		if w.lives[i] {
			failed := what%11 == 1
			w.lives[i], w.givenUp[i] = false, false
			w.hooks[i] = false
			if w.spec.containers[i].role == roleMain {
				w.passed[i] = true
			}
			if w.spec.containers[i].role == roleInit && !failed && c.stop != stopByHand {
				w.completed[i] = true
			}
			w.state.exited(i, failed, w.now)
		}
	case 3, 4:
		w.passes(i, holds(w.take()))
	case 5:
		w.now = w.now.Add(time.Duration(w.take()) * 100 * time.Millisecond)
		if !wake.IsZero() && wake.Before(w.now) { // the runner does not oversleep
			w.now = wake
		}
	case 6:
		if !wake.IsZero() {
			w.now = wake
		}
	case 7:
		if !w.state.stopping && c.phase != pending && c.phase != abandoned && !(c.phase == ended && w.spec.containers[i].role == roleInit) {
			w.state.restart(i)
		}
	case 9:
		if w.hooks[i] {
			w.hooks[i] = false
			w.state.preStopped(i)
		}
	case 10:
		kind := int(w.take()) % probeKinds
		if limits := w.spec.containers[i].probes[kind]; limits != (thresholds{}) && c.begun() && (kind == startup || c.started()) {
			if w.state.probed(i, kind, verdict(w.take()%3)) == success && kind == startup {
				w.passes(i, holdStartup)
			}
		}
	case 8:
		switch w.take() % 8 {
		case 0:
			w.state.stopAsked = true
		case 1:
			w.state.stopAsked, w.hurried = true, true
			w.settle()
			w.state.hurry(w.now)
		}
	}
}

// passes lets go of what holds a start up.
func (w *world) passes(i int, h holds) {
	c := &w.state.containers[i]
	if c.phase != running {
		return
	}
	w.state.let(i, h)
	waitsFor := w.spec.containers[i].holds
	if w.spec.containers[i].role == roleMain {
		waitsFor &= holdBegin | holdPostStart
	}
	if c.holds&waitsFor == 0 {
		w.passed[i] = true
	}
}

type nothing struct{ sidecar.Func }
