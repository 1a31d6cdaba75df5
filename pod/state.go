package pod

import (
	"container/heap"
	"time"
)

// role is what decide needs to know of a container's kind.
type role uint8

const (
	roleInit role = iota
	roleHelper
	roleMain
)

// A spec is what decide needs to know of a Pod.
type spec struct {
	containers []containerSpec
	order      []int // start order: init containers and helpers as listed, then the mains (K7, K11)
	position   []int // of each container in order
	gates      int   // how many of order come before the mains
	grace      time.Duration
}

type containerSpec struct {
	role   role
	policy RestartPolicy
}

const (
	minGrace = 2 * time.Second        // K15 d, K17, K20
	settle   = 500 * time.Millisecond // from the kill of a run to its being given up
)

// phase is where a container is.
type phase uint8

const (
	pending phase = iota // not started yet
	running
	waiting   // between two runs, for restartAt
	abandoned // its last run was given up and has not returned: no other may start
	ended     // for good
)

// A containerState is what decide knows of one container. Only observations and
// apply change it.
type containerState struct {
	phase     phase
	run       int  // runs so far; the current one's number while running
	started   bool // this run has passed its start gate
	passed    bool // some run has, an init container by completing: what comes next need not wait again (K8, K9)
	startedAt time.Time
	restartAt time.Time // while waiting
	backOff   *backOff

	told      bool // this run was told to stop
	byHand    bool // … because of Restart
	killed    bool
	giveUp    bool // abandon was carried out, its result is on its way
	killAt    time.Time
	abandonAt time.Time

	failed bool // how the last run ended
	slot   int  // in state.timers, -1 if it has no deadline
}

// deadline is when something is due for c; zero if nothing is.
func (c *containerState) deadline() time.Time {
	switch {
	case c.phase == waiting:
		return c.restartAt
	case c.phase != running || !c.told || c.giveUp:
		return time.Time{}
	case !c.killed:
		return c.killAt
	default:
		return c.abandonAt
	}
}

// A state is what decide knows of a running pod. Counters and cursors keep one
// decision from looking at more than what an event can have changed.
type state struct {
	spec       *spec
	containers []containerState
	next       int   // in spec.order: the first that was not started yet
	asked      []int // restarts by hand, in order
	mainsLeft  int   // mains that run or are to be started
	mainsUp    int   // mains that run
	up         int   // containers that run
	initFailed bool  // K3
	stopAsked  bool

	stopping bool
	graceEnd time.Time // of the pod's stop
	hardEnd  time.Time // nothing runs, or is waited for, after it
	turn     int       // in spec.order: helpers before it have not had their turn (K16)
	timers   timers
}

func newState(sp *spec) *state {
	st := &state{spec: sp, containers: make([]containerState, len(sp.containers))}
	for i, c := range sp.containers {
		st.containers[i].slot = -1
		if c.role == roleMain {
			st.mainsLeft++
		}
	}
	st.timers.state = st
	return st
}

func (st *state) role(i int) role { return st.spec.containers[i].role }

// initialized says whether the init containers and helpers hold nothing up any more.
func (st *state) initialized() bool {
	n := st.spec.gates
	return st.next > n || st.next == n && (n == 0 || st.containers[st.spec.order[n-1]].passed)
}

// over says whether the pod has ended: nothing runs, and nothing is to run.
func (st *state) over() bool { return st.stopping && st.up == 0 }

// settleDeadline puts i's deadline where it belongs in the timers.
func (st *state) settleDeadline(i int) {
	c := &st.containers[i]
	due := !c.deadline().IsZero()
	switch {
	case due && c.slot < 0:
		heap.Push(&st.timers, i)
	case due:
		heap.Fix(&st.timers, c.slot)
	case c.slot >= 0:
		heap.Remove(&st.timers, c.slot)
	}
}

// timers is a heap of containers by deadline.
type timers struct {
	state *state
	index []int
}

func (t *timers) Len() int { return len(t.index) }
func (t *timers) Less(a, b int) bool {
	return t.state.containers[t.index[a]].deadline().Before(t.state.containers[t.index[b]].deadline())
}
func (t *timers) Swap(a, b int) {
	t.index[a], t.index[b] = t.index[b], t.index[a]
	t.state.containers[t.index[a]].slot = a
	t.state.containers[t.index[b]].slot = b
}
func (t *timers) Push(x any) {
	i := x.(int)
	t.state.containers[i].slot = len(t.index)
	t.index = append(t.index, i)
}
func (t *timers) Pop() any {
	last := len(t.index) - 1
	i := t.index[last]
	t.index = t.index[:last]
	t.state.containers[i].slot = -1
	return i
}
