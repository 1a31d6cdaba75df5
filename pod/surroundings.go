package pod

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// sandbox is what surrounds one run of m.
func (r *run) sandbox(m *member, root *os.Root, killed context.Context) *sandbox.Sandbox {
	s := r.common
	s.Logger, s.Root, s.Killed = m.log, root, killed
	for _, p := range []*Probe{m.Startup, m.Liveness} { // Killed ends what has less (K21)
		if p != nil {
			s.Grace = max(s.Grace, p.TerminationGracePeriod)
		}
	}
	s.ListenPacket = r.packets.listener(m.Name)
	return &s
}

// commandEnv is what a Command finds its pod by.
func (r *run) commandEnv() []string {
	env := []string{"POD_ROOT=" + r.dir.path}
	for i := range r.pod.Containers {
		name := r.pod.Containers[i].Name
		if a, err := r.addr(r.base, name); err == nil {
			env = append(env, "POD_ADDR_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+addressText(a))
		}
	}
	return env
}

// addr is where another container of the pod listens.
func (r *run) addr(_ context.Context, container string) (net.Addr, error) {
	m := r.byName[container]
	switch {
	case m != nil && m.socket != nil:
		return m.socket.base.Addr(), nil
	case m == nil && r.marks != nil:
		mark, err := r.marks.read(container)
		if err != nil {
			return nil, err
		}
		return mark.addr()
	}
	return nil, fmt.Errorf("%w: container %q listens nowhere", sandbox.ErrUnknown, container)
}

// process is the pid of another container's current run.
func (r *run) process(_ context.Context, container string) (int, error) {
	pid := 0
	if m := r.byName[container]; m != nil {
		r.mu.Lock()
		running := m.status.State.Running != nil
		pid = m.pid
		r.mu.Unlock()
		if running && m.Command == nil {
			pid = os.Getpid()
		}
	} else if r.marks != nil {
		mark, err := r.marks.read(container)
		if err != nil {
			return 0, err
		}
		pid = mark.PID
	}
	if pid == 0 {
		return 0, fmt.Errorf("%w: container %q does not run", sandbox.ErrUnknown, container)
	}
	return pid, nil
}
