package metrics

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// A cgroup is one that was found, with what is kept from one collection to the
// next.
type cgroup struct {
	reader reader

	// pid is whose group it is, and entry has said which: they are read again each
	// time, because a process can be moved.
	pid     int
	entry   *openFile // nil: nothing is open yet
	entries string

	dirs    cgroupDirs
	dir     string // as it was given
	files   [cgroupFiles]*openFile
	removed bool // a file that is open belongs to a group that is no more
	now     cgroupValues
	starts  resets
	made    int64
	labels  cgroupLabels
}

func (g *cgroup) reset() {
	for _, f := range g.files {
		f.close()
	}
	g.entry.close()
	*g = cgroup{reader: g.reader}
}

// openDir makes g the group of a folder.
func (g *cgroup) openDir(dir string) error {
	if g.dir == dir {
		return nil
	}
	sys := g.reader.sys
	if !sys.exists(dir) {
		return fmt.Errorf("%s: %w: no such folder", dir, ErrNotAvailable)
	}
	g.reset()
	g.dir, g.dirs = dir, sys.detect(dir)
	g.labels.make(func(more ...string) *Labels { return NewLabels(append(more, "cgroup.path", dir)...) })
	g.begin(0)
	return nil
}

// openOf makes g the group of a process; 0 is this one.
func (g *cgroup) openOf(pid int, t target) error {
	if g.entry != nil && g.pid == pid {
		data, err := g.reader.read(g.entry)
		if err == nil && string(data) == g.entries {
			return nil
		}
	}
	g.reset()
	proc := procSelf
	if pid != 0 {
		proc = procDir(pid)
	}
	sys := g.reader.sys
	dirs, err := g.find(proc)
	if err != nil {
		g.reset()
		return err
	}
	scope := ""
	if t.container != "" {
		if groups, err := parseFile(sys, procSelf+"/cgroup", parseCgroups); err == nil {
			if own, err := sys.cgroupOf(procSelf, groups); err == nil && own == dirs {
				scope = "shared_cgroup"
			}
		}
	}
	g.pid, g.dirs = pid, dirs
	g.labels.make(func(more ...string) *Labels { return t.labels(scope, more...) })
	var started int64
	if stat, err := parseFile(sys, proc+"/stat", func(data []byte) (procStat, error) { return parseStat(data, "") }); err == nil {
		if booted, ok := sys.booted(); ok {
			started = booted + stat.startTicks*(1e9/ticksPerSecond)
		}
	}
	g.begin(started)
	return nil
}

// find reads which group a process is in, and keeps what it read.
func (g *cgroup) find(proc string) (dirs cgroupDirs, err error) {
	sys := g.reader.sys
	var data []byte
	if g.entry, err = g.reader.open(proc + "/cgroup"); err == nil {
		data, err = g.reader.read(g.entry)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && sys.exists(proc+"/stat") { // the process is there, and the kernel has no cgroups
			err = fmt.Errorf("%w: %w", ErrNotAvailable, err)
		}
		return dirs, err
	}
	g.entries = string(data)
	groups, err := parseCgroups(data)
	if err != nil {
		return dirs, fmt.Errorf("%s/cgroup: %w", proc, err)
	}
	return sys.cgroupOf(proc, groups)
}

// begin settles since when the group counts: the kernel has no such time, but
// those of the folder and of a file that who made it has written, which it keeps
// as long as they are in use. A process that is older, started in Unix
// nanoseconds, shows that they were forgotten.
func (g *cgroup) begin(started int64) {
	now := time.Now().UnixNano()
	g.made = now
	for _, f := range []folder{g.dirs.cpuTime, g.dirs.memory} {
		for _, name := range []string{"", "/cgroup.procs"} {
			if f.path == "" {
				continue
			}
			if info, err := os.Stat(g.reader.sys.root + f.path + name); err == nil {
				g.made = min(g.made, info.ModTime().UnixNano())
			}
		}
	}
	if started > 0 {
		g.made = min(g.made, started)
	}
	g.starts.begin(g.made, now)
}
