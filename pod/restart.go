package pod

import (
	"errors"
	"fmt"
	"time"
)

// Restart stops the container with the pod's grace and starts it again, without
// back-off. One that waits in back-off is started at once, as is a main container
// that has ended. It returns when the new run has begun; before a container calls
// it for itself it has to start a goroutine of its own for that.
//
// It is an error if the pod does not run or is being stopped, if there is no such
// container, if it was not started yet, is an init container that has completed
// (K3), or did not stop in time: then the pod starts it as soon as the old run has
// returned.
func (p *Pod) Restart(name string) error {
	p.mu.Lock()
	r, running := p.run, p.running
	p.mu.Unlock()
	if !running || r == nil {
		return fmt.Errorf("pod %q: restart %q: the pod does not run", p.name(), name)
	}
	restarted := make(chan error, 1)
	accepted := r.inbox.put(func(time.Time) { r.restart(name, restarted) })
	if accepted {
		select {
		case err := <-restarted:
			if err == nil {
				return nil
			}
			return fmt.Errorf("pod %q: restart %q: %w", p.name(), name, err)
		case <-r.inbox.closed:
		}
	}
	return fmt.Errorf("pod %q: restart %q: %w", p.name(), name, errStopping)
}

var (
	errStopping = errors.New("the pod is being stopped")
	errInitDone = errors.New("an init container that has completed is not started again (K3)")
)

// restart takes a Restart to the state, or answers why not.
func (r *run) restart(name string, answer chan<- error) {
	m := r.byName[name]
	if m == nil {
		answer <- errors.New("no container has this name")
		return
	}
	switch c := &r.state.containers[m.index]; {
	case r.state.stopping || r.state.stopAsked:
		answer <- errStopping
	case c.phase == pending:
		answer <- errors.New("it was not started yet")
	case c.phase == ended && m.Init:
		answer <- errInitDone
	case c.phase == abandoned:
		answer <- fmt.Errorf("its last run was given up and has not returned: %w", m.last.err)
	default:
		m.restarts = append(m.restarts, answer)
		r.state.restart(m.index)
	}
}

// answer tells those who wait for m's next start.
func (m *member) answer(err error) {
	for _, restart := range m.restarts {
		restart <- err
	}
	m.restarts = nil
}
