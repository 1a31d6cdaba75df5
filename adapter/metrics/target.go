package metrics

import (
	"context"
	"strconv"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A target says which process is meant: a container's, the one with the pid, all
// that have the name, or with none of them this one.
type target struct {
	container string
	pid       int
	name      string
}

func (t target) check(wrong *faults) {
	if t.pid < 0 {
		wrong.add("PID", "%d is negative", t.pid)
	}
	if t.pid != 0 && t.container != "" {
		wrong.add("PID", "%d and Container: %q are both set, want one", t.pid, t.container)
	}
	if t.name != "" && (t.pid != 0 || t.container != "") {
		wrong.add("Name", "%q and Container: %q or PID: %d are both set, want one", t.name, t.container, t.pid)
	}
}

// String returns the target as the end of a source's name.
func (t target) String() string {
	switch {
	case t.container != "":
		return "/" + t.container
	case t.pid != 0:
		return "/" + strconv.Itoa(t.pid)
	case t.name != "":
		return "/" + t.name
	}
	return ""
}

// procSelf is the folder of this process. It is not found by the pid, because
// /proc may be mounted from another pid namespace.
const procSelf = "/proc/self"

func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// find returns the target's pid, 0 for this process. It is looked up at each
// collection, so that a main container that was started again is measured in its
// new process.
func (t target) find(ctx context.Context, s *system) (pid int, err error) {
	pid = t.pid
	if t.container != "" {
		if pid, err = sandbox.Process(ctx, t.container); err != nil {
			return 0, err
		}
	}
	if pid == s.pid {
		return 0, nil
	}
	return pid, nil
}

// labels are what tells the target's series from others', and more pairs. scope
// names what is measured beyond the container, empty where it is the container
// itself.
func (t target) labels(scope string, more ...string) *Labels {
	pairs := append(more, "container.name", t.container, "process.executable.name", t.name, "scope", scope)
	if t.pid != 0 {
		pairs = append(pairs, "process.pid", strconv.Itoa(t.pid))
	}
	return NewLabels(pairs...)
}
