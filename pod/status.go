package pod

import "time"

// A Status is a snapshot of a pod, in the form of Kubernetes' PodStatus. It
// prints like kubectl describe pod, and marshals to JSON.
type Status struct {
	Name          string            `json:"name"`                    // the pod's
	Phase         Phase             `json:"phase"`                   // where it is in its life
	Reason        string            `json:"reason,omitempty"`        // DeadlineExceeded where ActiveDeadline has ended it
	Message       string            `json:"message,omitempty"`       // the same in words
	Conditions    []Condition       `json:"conditions,omitempty"`    // Initialized, ContainersReady and Ready
	StartTime     time.Time         `json:"startTime,omitzero"`      // of the current Run or the last; zero before any
	Dir           string            `json:"dir,omitempty"`           // what the containers share
	StatusAddress string            `json:"statusAddress,omitempty"` // where StatusListen is served, as it takes it
	Containers    []ContainerStatus `json:"containers"`              // in the order of Pod.Containers
	EventsDropped int64             `json:"eventsDropped"`           // because the observer was too slow
}

// A Phase says where a pod is in its life (K36).
type Phase string

// The phases of Kubernetes.
const (
	Pending   Phase = "Pending"   // an init container or a helper has yet to start
	Running   Phase = "Running"   // something runs, or will again
	Succeeded Phase = "Succeeded" // all has stopped, the main containers with exit code 0
	Failed    Phase = "Failed"    // all has stopped, and not so
)

// A Condition is a yes or no about a pod, and since when (K37). Its types are
// Initialized, ContainersReady and Ready.
type Condition struct {
	Type               string    `json:"type"`                        // what is asked
	Status             string    `json:"status"`                      // True or False
	LastTransitionTime time.Time `json:"lastTransitionTime,omitzero"` // since when
	Reason             string    `json:"reason,omitempty"`            // why not, in a word
	Message            string    `json:"message,omitempty"`           // which containers lack it
}

// A Kind is what a container is to its pod.
type Kind string

// The kinds of containers: by purpose, and for those with Run or Command by when
// they run.
const (
	KindInit       Kind = "Init"
	KindSidecar    Kind = "Sidecar"
	KindAmbassador Kind = "Ambassador"
	KindAdapter    Kind = "Adapter"
	KindMain       Kind = "Main"
)

// A ContainerStatus is a snapshot of one container (K33).
type ContainerStatus struct {
	Name         string `json:"name"`               // the container's
	Kind         Kind   `json:"kind"`               // what it is to its pod
	Address      string `json:"address,omitempty"`  // where it listens, as Container.Listen takes it
	State        State  `json:"state"`              // what it is now
	LastState    State  `json:"lastState,omitzero"` // how the run before ended
	Ready        bool   `json:"ready"`              // K35
	Started      bool   `json:"started"`            // this run has passed its start gate (K8)
	RestartCount int    `json:"restartCount"`       // K41

	Probes  []ProbeStatus `json:"probes,omitempty"`  // in the order startup, readiness, liveness; those it has
	Hanging *Hang         `json:"hanging,omitempty"` // it was given up, and has not returned yet

	StartDuration time.Duration `json:"startDuration,omitempty"` // from the run's start until it passed its gate; 0 before
	StopDuration  time.Duration `json:"stopDuration,omitempty"`  // from the last stop's start to the run's end
}

// A ProbeStatus is what a probe has found of the current run.
type ProbeStatus struct {
	Type         string        `json:"type"`                // Startup, Readiness or Liveness
	Result       string        `json:"result"`              // Success, Failure or Unknown: the verdict, after the thresholds (K28, K30)
	Since        time.Time     `json:"since,omitzero"`      // when that came to be
	Successes    int64         `json:"successes"`           // of this run, by single probes
	Failures     int64         `json:"failures"`            // likewise
	LastError    string        `json:"lastError,omitempty"` // of the last probe; empty if it succeeded
	LastDuration time.Duration `json:"lastDuration"`        // how long it took
}

// A Hang is a run that did not return in time.
type Hang struct {
	Since  time.Time `json:"since"`  // when its time was up
	Stacks string    `json:"stacks"` // where its goroutines were then, grouped
}

// A State has one field set: what the container is now.
type State struct {
	Waiting    *Waiting      `json:"waiting,omitempty"`    // it is to be started
	Running    *RunningSince `json:"running,omitempty"`    // it runs
	Terminated *Terminated   `json:"terminated,omitempty"` // it has ended
}

// Waiting is a container between two runs, or before its first (K34).
type Waiting struct {
	Reason  string `json:"reason"`            // PodInitializing, ContainerCreating or CrashLoopBackOff
	Message string `json:"message,omitempty"` // for how long
}

// RunningSince is a container that runs.
type RunningSince struct {
	StartedAt time.Time `json:"startedAt"` // of this run
}

// Terminated is how a run ended.
type Terminated struct {
	ExitCode   int       `json:"exitCode"`           // 0 after nil, else as in ContainerError
	Reason     string    `json:"reason"`             // Completed, Error, Goexit, Abandoned or RunContainerError
	Message    string    `json:"message,omitempty"`  // the error, at most 4096 bytes (K39)
	StartedAt  time.Time `json:"startedAt,omitzero"` // zero where the run could not begin
	FinishedAt time.Time `json:"finishedAt"`         // when it returned, or was given up
}

// Reasons of the waiting state (K34).
const (
	ReasonPodInitializing    = "PodInitializing"
	ReasonContainerCreating  = "ContainerCreating"
	ReasonCrashLoopBackOff   = "CrashLoopBackOff"
	ReasonPostStartHookError = "PostStartHookError" // the same, after PostStart failed (K12)
)

// Status returns how the pod is now, or how its last Run ended. It may be called
// at any time.
func (p *Pod) Status() Status {
	p.mu.Lock()
	r := p.run
	p.mu.Unlock()
	if r == nil {
		r = &run{pod: p}
		r.addMembers()
		r.spec = p.spec("")
		for _, m := range r.members {
			m.status.State = r.waiting()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{Name: p.name(), StartTime: r.startedAt, Containers: make([]ContainerStatus, len(r.members))}
	for i, m := range r.members {
		s.Containers[i] = m.status
	}
	if r.dir != nil {
		s.Dir = r.dir.path
	}
	s.StatusAddress = r.endpoint.address()
	if r.feed != nil {
		s.EventsDropped = r.feed.dropped.Load()
	}
	switch s.Phase = r.phase; {
	case s.Phase != "":
	case r.initFailed:
		s.Phase = Failed // (1) of K36
	default:
		s.Phase = r.spec.phase(s.Containers)
	}
	if r.deadlined {
		s.Reason, s.Message = "DeadlineExceeded", ErrActiveDeadline.Error()
	}
	s.Conditions = r.conditions.list(s)
	return s
}

// phase is K36 for a pod that has not ended.
func (sp *spec) phase(containers []ContainerStatus) Phase {
	mainStarted, notStarted, waits := false, false, false
	for i, c := range containers {
		role := sp.containers[i].role
		ran := c.State.Running != nil || c.State.Terminated != nil || c.LastState.Terminated != nil
		switch {
		case role == roleInit:
			if t := c.State.Terminated; t == nil || t.ExitCode != 0 {
				return Pending
			}
			continue
		case role == roleMain:
			mainStarted = mainStarted || ran
		default:
			notStarted = notStarted || !c.Started
		}
		waits = waits || !ran
	}
	if notStarted && !mainStarted || waits {
		return Pending
	}
	return Running
}

// lastPhase is K36 for a pod that has ended.
func (r *run) lastPhase() Phase {
	for _, m := range r.members {
		t := m.status.State.Terminated
		if r.spec.containers[m.index].role == roleMain && (t == nil || t.ExitCode != 0) {
			return Failed
		}
	}
	if r.state.initFailed || r.state.deadlined {
		return Failed
	}
	return Succeeded
}

// waiting is the state of a container that has not run yet.
func (r *run) waiting() State {
	if r.spec.gates > 0 {
		return State{Waiting: &Waiting{Reason: ReasonPodInitializing}}
	}
	return State{Waiting: &Waiting{Reason: ReasonContainerCreating}}
}

// begin makes the status that of a pod about to start.
func (r *run) begin() {
	for _, m := range r.members {
		m.status.State = r.waiting()
		r.marks.record(m, 0)
	}
	r.conditions.begin(r)
}

// settleStatus makes the status that of a pod which has ended: what waited for
// another run is what its last one was.
func (r *run) settleStatus() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		if m.status.State.Waiting != nil && m.last.terminated != nil {
			m.status.State = State{Terminated: m.last.terminated}
		}
	}
	r.phase, r.deadlined = r.lastPhase(), r.state.deadlined
	r.conditions.end(r.phase, time.Now())
}
