package pod

import "time"

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
	deadline   time.Duration // of the whole pod (K40); 0: none
}

type containerSpec struct {
	role    role
	policy  RestartPolicy
	holds   holds // what a run's start waits for
	preStop bool
	probes  [probeKinds]thresholds

	readyServes bool // the block's Ready is the readiness probe too
}

// holds are what the start of a run still waits for.
type holds uint8

const (
	holdBegin     holds = 1 << iota // its goroutine or process is there
	holdPostStart                   // its hook has returned (K12)
	holdStartup                     // its startup probe has succeeded (K31)
	holdReady                       // its block's Ready has returned
)

// why the stop of a run began.
type why uint8

const (
	noStop why = iota
	stopByHand
	stopUnhealthy // of a probe, or of PostStart
	stopOfPod
)

// hook is where a run's PreStop is.
type hook uint8

const (
	noHook hook = iota
	hookRunning
	hookDone
)

// A request is a container's stop, or by hand its start, while the pod goes on.
type request struct {
	container int
	why       why
	grace     time.Duration
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
	run       int   // runs so far; the current one's number while running
	holds     holds // this run has started when none is left
	passed    bool  // what comes next need not wait (K8, K9, K11)
	startedAt time.Time
	restartAt time.Time // while waiting
	backOff   *backOff

	probes   [probeKinds]probeState // of this run
	stop     why                    // this run's has begun
	hook     hook
	graceEnd time.Time // of this run's stop

	told      bool // this run was told to stop
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
	case c.phase == running && !c.told && c.hook == hookRunning:
		return c.graceEnd
	case c.phase != running || !c.told || c.giveUp:
		return time.Time{}
	case !c.killed:
		return c.killAt
	default:
		return c.abandonAt
	}
}

// begun says whether this run's goroutine or process is there.
func (c *containerState) begun() bool { return c.phase == running && c.holds&holdBegin == 0 }

// started says whether this run has passed its start gate (K8, K35).
func (c *containerState) started() bool { return c.phase == running && c.holds == 0 }

// A state is what decide knows of a running pod. Counters and cursors keep one
// decision from looking at more than what an event can have changed.
type state struct {
	spec       *spec
	containers []containerState
	next       int       // in spec.order: the first that was not started yet
	asked      []request // in order
	hooked     []int     // whose PreStop is done, and who are to be told now
	mainsLeft  int       // mains that run or are to be started
	mainsUp    int       // mains that run
	up         int       // containers that run
	initFailed bool      // K3
	stopAsked  bool
	toldAt     time.Time // when that was, if before; its grace counts from then
	deadline   time.Time // of the whole pod (K40); zero: none

	stopping  bool
	deadlined bool      // because of deadline
	graceEnd  time.Time // of the pod's stop
	hardEnd   time.Time // nothing runs, or is waited for, after it
	turn      int       // in spec.order: helpers before it have not had their turn (K16)
	timers    timers
}

func newState(sp *spec, now time.Time) *state {
	st := &state{spec: sp, containers: make([]containerState, len(sp.containers))}
	for i, c := range sp.containers {
		st.containers[i].slot = -1
		if c.role == roleMain {
			st.mainsLeft++
		}
	}
	if sp.deadline > 0 {
		st.deadline = now.Add(sp.deadline)
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

// stopGrace is when the grace of a stop of the pod ends that begins now.
func (st *state) stopGrace(now time.Time) time.Time {
	if st.toldAt.IsZero() {
		return now.Add(st.spec.grace)
	}
	return later(st.toldAt.Add(st.spec.grace), now.Add(minGrace))
}

// over says whether the pod has ended: nothing runs, and nothing is to run.
func (st *state) over() bool { return st.stopping && st.up == 0 }
