package metrics

import (
	"context"
	"fmt"
	"path"
	"strings"
)

// Cgroup measures the CPU time, the memory and the limits of one control group,
// of version 2 or 1: of the one that Container's process is in, or the process
// PID, or Dir itself, or, with none of them, this process. It is available on
// linux only. What the group does not have is left out: a limit that is not set,
// memory where the controller is off.
//
// The root group is the machine's and no container's, so it counts as none. A
// process that shares the group of this one shares its series too, and those
// have the attribute scope="shared_cgroup".
type Cgroup struct {
	Container string // adds the attribute container.name; empty: none is meant
	PID       int    // adds the attribute process.pid; 0: none is meant, negative: an error
	Dir       string // absolute, as /sys/fs/cgroup/web; adds the attribute cgroup.path; empty: none is meant

	sys *system
}

var (
	_ Source  = Cgroup{}
	_ checker = Cgroup{}
)

const ofCgroup = ` With scope="shared_cgroup" the container has no control group of its own, and the value is that of the group it shares.`

var (
	cgroupCPUTime    = Family{"container.cpu.time", "s", "CPU time that the control group has used." + ofCgroup, Counter}
	cgroupCPULimit   = Family{"container.cpu.limit", "{cpu}", "Limit of the control group's CPU use, in CPUs; none where there is no limit." + ofCgroup, UpDownCounter}
	cgroupUsage      = Family{"container.memory.usage", "By", "Memory charged to the control group, page cache included." + ofCgroup, UpDownCounter}
	cgroupWorkingSet = Family{"container.memory.working_set", "By", "Memory charged to the control group, less the page cache that can go (inactive_file)." + ofCgroup, UpDownCounter}
	cgroupRSS        = Family{"container.memory.rss", "By", "Anonymous memory of the control group." + ofCgroup, UpDownCounter}
	cgroupLimit      = Family{"container.memory.limit", "By", "Limit of the control group's memory; none where there is no limit." + ofCgroup, UpDownCounter}
	cgroupAvailable  = Family{"container.memory.available", "By", "Limit of the control group's memory less its working set; none where there is no limit." + ofCgroup, UpDownCounter}
)

// String returns the source's name: cgroup, and after a slash Container, PID or Dir.
func (c Cgroup) String() string {
	if c.Dir != "" {
		return "cgroup" + path.Clean("/"+c.Dir)
	}
	return c.target().name("cgroup")
}

func (c Cgroup) target() target { return target{c.Container, c.PID} }

func (c Cgroup) check(wrong *faults) {
	c.target().check(wrong)
	if c.Dir != "" && c.target() != (target{}) {
		wrong.add("Dir", "%q and Container: %q or PID: %d are both set, want one", c.Dir, c.Container, c.PID)
	}
	if c.Dir != "" && !strings.HasPrefix(c.Dir, "/") {
		wrong.add("Dir", "%q is not absolute", c.Dir)
	}
}

// Collect adds the families container.*. No such group is an error that wraps
// [ErrNotAvailable].
func (c Cgroup) Collect(ctx context.Context, b *Batch) error {
	sys := c.sys.orMachine()
	if err := sys.available("cgroup"); err != nil {
		return err
	}
	dirs, attrs, err := c.find(ctx, sys)
	if err != nil {
		return err
	}
	err = sys.measureCgroup(dirs, func(f Family, v Number) { b.Add(f, Point{attrs, v}) })
	if err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	if b.Len() == 0 {
		return fmt.Errorf("cgroup %s: %w: it has neither CPU time nor memory", dirs, ErrNotAvailable)
	}
	return nil
}

func (c Cgroup) find(ctx context.Context, sys *system) (cgroupDirs, []Attr, error) {
	if c.Dir != "" {
		dir := path.Clean(c.Dir)
		if !sys.exists(dir) {
			return cgroupDirs{}, nil, fmt.Errorf("cgroup %s: %w: no such folder", dir, ErrNotAvailable)
		}
		return sys.detect(dir), []Attr{{"cgroup.path", dir}}, nil
	}
	proc, err := c.target().find(ctx, sys)
	if err != nil {
		return cgroupDirs{}, nil, err
	}
	dirs, err := sys.cgroupOf(proc)
	if err != nil {
		return cgroupDirs{}, nil, fmt.Errorf("cgroup: %w", err)
	}
	scope := ""
	if c.Container != "" {
		if own, err := sys.cgroupOf(procSelf); err == nil && own == dirs {
			scope = "shared_cgroup"
		}
	}
	return dirs, c.target().attrs(scope), nil
}
