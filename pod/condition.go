package pod

import (
	"fmt"
	"strings"
	"time"
)

// conditions are the pod's, kept by counting, so that a change costs the same in
// a pod of any size. They are under run.mu.
type conditions struct {
	unready     int // helpers and mains that are not
	initialized transition
	ready       transition
	stopping    bool
	over        Phase
}

// A transition is when a yes or no came to be what it is.
type transition struct {
	is bool
	at time.Time
}

func (t *transition) set(is bool, now time.Time) {
	if t.is != is {
		t.is, t.at = is, now
	}
}

func (c *conditions) begin(r *run) {
	for _, cs := range r.spec.containers {
		if cs.role != roleInit {
			c.unready++
		}
	}
	c.initialized.at, c.ready.at = r.startedAt, r.startedAt
}

func (c *conditions) end(phase Phase, now time.Time) {
	c.over = phase
	c.ready.set(false, now)
}

// observeConditions looks at what has changed.
func (r *run) observeConditions(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &r.conditions
	c.initialized.set(c.initialized.is || r.state.initialized(), now)
	c.stopping = r.state.stopping
	c.ready.set(c.unready == 0 && !c.stopping, now) // K22
	r.initFailed = r.state.initFailed
}

// list is the conditions as s tells them (K37).
func (c *conditions) list(s Status) []Condition {
	initialized := Condition{Type: "Initialized", LastTransitionTime: c.initialized.at}
	ready := Condition{LastTransitionTime: c.ready.at}
	initialized.say(c.initialized.is, "ContainersNotInitialized", s, func(c ContainerStatus) bool {
		return c.Kind != KindMain && !c.Ready && !c.Started
	})
	ready.say(c.ready.is, "ContainersNotReady", s, func(c ContainerStatus) bool {
		return c.Kind != KindInit && !c.Ready
	})
	switch {
	case c.stopping && c.over == "":
		ready.Reason, ready.Message = "Terminating", ""
	case c.over == Succeeded:
		ready.Reason, ready.Message = "PodCompleted", ""
	case c.over == Failed:
		ready.Reason, ready.Message = "PodFailed", ""
	}
	containersReady := ready
	containersReady.Type, ready.Type = "ContainersReady", "Ready"
	return []Condition{initialized, containersReady, ready}
}

// say makes c a yes, or a no with its reason and the containers that lack.
func (c *Condition) say(is bool, reason string, s Status, lacks func(ContainerStatus) bool) {
	if is {
		c.Status = "True"
		return
	}
	var names []string
	for _, cs := range s.Containers {
		if lacks(cs) {
			names = append(names, cs.Name)
		}
	}
	c.Status, c.Reason = "False", reason
	status := map[string]string{"ContainersNotReady": "unready", "ContainersNotInitialized": "incomplete"}[reason]
	c.Message = fmt.Sprintf("containers with %s status: [%s]", status, strings.Join(names, " "))
}
