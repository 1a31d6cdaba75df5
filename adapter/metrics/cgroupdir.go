package metrics

import (
	"cmp"
	"fmt"
	"path"
	"strings"
)

// cgroupDirs are the folders where a control group's values are. With version 1
// each controller has its own; with both versions mounted (the hybrid layout) a
// controller is in one of them.
type cgroupDirs struct{ cpuTime, cpuLimit, memory, disk folder }

type folder struct {
	path string // empty: there is none
	v2   bool
}

// String names a folder in messages.
func (d cgroupDirs) String() string {
	if d.memory.path != "" {
		return d.memory.path
	}
	return d.cpuTime.path
}

// detect tells by its files of which version a folder is.
func (s *system) detect(dir string) cgroupDirs {
	f := folder{dir, s.exists(dir + "/cgroup.controllers")}
	return cgroupDirs{f, f, f, f}
}

// cgroupOf finds the control group of a process by its /proc/<pid>/cgroup and the
// mounts of this process. Where the containers of a pod share the process
// namespace only, the other's group is not below our mount, but below its own:
// then it is looked for through /proc/<pid>/root, which takes the same user.
func (s *system) cgroupOf(proc string, groups []cgroupEntry) (dirs cgroupDirs, err error) {
	dirs, err = s.mounted(groups, procSelf, "")
	if err == nil && dirs == (cgroupDirs{}) && proc != procSelf {
		dirs, err = s.mounted(groups, proc, proc+"/root")
	}
	if err == nil && dirs == (cgroupDirs{}) {
		err = fmt.Errorf("%w: %s has none but the root, or none that is mounted here", ErrNotAvailable, proc)
	}
	return dirs, err
}

// mounted returns the folders of groups in the mounts that the process at proc
// has, whose root folder is root.
func (s *system) mounted(groups []cgroupEntry, proc, root string) (dirs cgroupDirs, err error) {
	mounts, err := parseFile(s, proc+"/mountinfo", parseMounts)
	if err != nil {
		return dirs, err
	}
	dirs.cpuTime = s.controller("cpuacct", groups, mounts, root)
	dirs.cpuLimit = s.controller("cpu", groups, mounts, root)
	dirs.memory = s.controller("memory", groups, mounts, root)
	dirs.disk = s.controller(cmp.Or(blkioOf(groups), "io"), groups, mounts, root)
	return dirs, nil
}

// blkioOf is version 1's name of the controller io, where a hierarchy has it.
func blkioOf(groups []cgroupEntry) string {
	for _, g := range groups {
		if g.has("blkio") {
			return "blkio"
		}
	}
	return ""
}

// controller returns the folder of one controller: of version 1 where its
// hierarchy has it, else of version 2.
func (s *system) controller(name string, groups []cgroupEntry, mounts []cgroupMount, root string) folder {
	var group cgroupEntry
	for _, g := range groups {
		if g.v2() && group.path == "" || g.has(name) {
			group = g
		}
	}
	for _, m := range mounts {
		if group.path == "" || m.v2 != group.v2() || !m.v2 && !m.has(name) {
			continue
		}
		rel, inside := relative(m.root, group.path)
		if !inside {
			continue
		}
		f := folder{path.Join("/", root, m.point, rel), m.v2}
		if s.exists(f.path) && !s.isRoot(f) {
			return f
		}
	}
	return folder{}
}

// isRoot tells the machine's root group from the root of a namespace by the
// files that the kernel gives to the first only, or to all others only.
func (s *system) isRoot(f folder) bool {
	if f.v2 {
		return !s.exists(f.path + "/cgroup.type")
	}
	return s.exists(f.path + "/cgroup.sane_behavior")
}

// relative returns target relative to base, and whether it is inside. Above the
// reader's namespace the kernel writes /.. for each step.
func relative(base, target string) (string, bool) {
	if base == "/" {
		return target, !strings.HasPrefix(target+"/", "/../")
	}
	rel, inside := strings.CutPrefix(target, base)
	return rel, inside && (rel == "" || rel[0] == '/')
}
