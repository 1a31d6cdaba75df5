package metrics

import (
	"context"
	"strconv"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A target says which process is meant: a container's, the one with the pid, or
// with neither this one.
type target struct {
	container string
	pid       int
}

func (t target) check(wrong *faults) {
	if t.pid < 0 {
		wrong.add("PID", "%d is negative", t.pid)
	}
	if t.pid != 0 && t.container != "" {
		wrong.add("PID", "%d and Container: %q are both set, want one", t.pid, t.container)
	}
}

// name returns the target as part of a source's name.
func (t target) name(kind string) string {
	switch {
	case t.container != "":
		return kind + "/" + t.container
	case t.pid != 0:
		return kind + "/" + strconv.Itoa(t.pid)
	}
	return kind
}

// procSelf is the folder of this process. It is not found by the pid, because
// /proc may be mounted from another pid namespace.
const procSelf = "/proc/self"

// find returns the target's folder under /proc. It is looked up at each
// collection, so that a main container that was started again is measured in its
// new process.
func (t target) find(ctx context.Context, s *system) (proc string, err error) {
	pid := t.pid
	if t.container != "" {
		if pid, err = sandbox.Process(ctx, t.container); err != nil {
			return "", err
		}
	}
	if pid == 0 || pid == s.pid {
		return procSelf, nil
	}
	return "/proc/" + strconv.Itoa(pid), nil
}

// attrs returns what tells the target's series from others', as pairs for
// NewLabels, with room for one more. scope names what is measured beyond the
// container, empty where it is the container itself.
func (t target) attrs(scope string) []string {
	attrs := make([]string, 0, 8)
	if t.container != "" {
		attrs = append(attrs, "container.name", t.container)
	}
	if t.pid != 0 {
		attrs = append(attrs, "process.pid", strconv.Itoa(t.pid))
	}
	if scope != "" {
		attrs = append(attrs, "scope", scope)
	}
	return attrs
}
