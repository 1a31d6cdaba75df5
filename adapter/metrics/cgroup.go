package metrics

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
)

// Cgroup measures the CPU time, the memory, the limits and what came of them of
// one control group, of version 2 or 1: of the one that Container's process is
// in, or the process PID, or Dir itself, or, with none of them, this process. It
// is available on linux only. What the group does not have is left out: a limit
// that is not set, memory where the controller is off.
//
// Counters have the time when the group was made as their Start. When the group
// was made again, or a counter has fallen, they begin anew with another Start.
//
// The root group is the machine's and no container's, so it counts as none. A
// process that shares the group of this one shares its series too, and those
// have the label scope="shared_cgroup".
//
// A Cgroup must not be copied after its first use. Between two collections it
// keeps up to 10 files open.
type Cgroup struct {
	Container string // adds the label container.name; empty: none is meant
	PID       int    // adds the label process.pid; 0: none is meant, negative: an error
	Dir       string // absolute, as /sys/fs/cgroup/web; adds the label cgroup.path; empty: none is meant

	sys   *system
	mu    sync.Mutex
	group cgroup
}

var (
	_ Source    = (*Cgroup)(nil)
	_ Validator = (*Cgroup)(nil)
)

// String returns the source's name: cgroup, and after a slash Container, PID or Dir.
func (c *Cgroup) String() string {
	if c.Dir != "" {
		return "cgroup" + path.Clean("/"+c.Dir)
	}
	return "cgroup" + c.target().String()
}

func (c *Cgroup) target() target { return target{container: c.Container, pid: c.PID} }

// Validate tells what is wrong with the fields.
func (c *Cgroup) Validate() error {
	var wrong faults
	c.target().check(&wrong)
	if c.Dir != "" && c.target() != (target{}) {
		wrong.add("Dir", "%q and Container: %q or PID: %d are both set, want one", c.Dir, c.Container, c.PID)
	}
	if c.Dir != "" && !strings.HasPrefix(c.Dir, "/") {
		wrong.add("Dir", "%q is not absolute", c.Dir)
	}
	return wrong.err()
}

// Collect adds the families container.*. No such group is an error that wraps
// [ErrNotAvailable].
func (c *Cgroup) Collect(ctx context.Context, b *Batch) error {
	sys := c.sys.orMachine()
	if err := sys.available("cgroup"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &c.group
	g.reader.sys = sys
	err := c.measure(ctx)
	if g.removed { // it may have been made again
		g.reset()
		err = c.measure(ctx)
	}
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	if !g.now.any() {
		return fmt.Errorf("cgroup: %s: %w: it has neither CPU time nor memory", g.dirs, ErrNotAvailable)
	}
	g.add(b)
	return nil
}

// measure finds the group, unless it is the one that was found before, and reads it.
func (c *Cgroup) measure(ctx context.Context) error {
	g := &c.group
	if c.Dir != "" {
		if err := g.openDir(path.Clean(c.Dir)); err != nil {
			return err
		}
		return g.measure()
	}
	pid, err := c.target().find(ctx, g.reader.sys)
	if err != nil {
		return err
	}
	if err := g.openOf(pid, c.target()); err != nil {
		return err
	}
	return g.measure()
}
