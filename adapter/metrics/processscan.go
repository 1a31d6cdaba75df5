package metrics

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strconv"
)

// A scan looks through all processes for those that are to be members.
type scan struct {
	proc       *openFile
	members    map[int64]bool // by pid
	candidates []candidate
	names      map[int64]verdict // by pid
	round      uint64
}

// A candidate is a process that is no member yet.
type candidate struct {
	pid, parent, start int64
	called             bool // it has the name that is looked for
	joined             bool
}

// A verdict is whether a process has the name, so that its arguments are read
// once. A program that replaces itself by exec has another command.
type verdict struct {
	start   int64
	command string
	called  bool
	round   uint64
}

// look makes members of those that are to be and are not yet.
func (g *processes) look() error {
	if err := g.list(); err != nil {
		return err
	}
	first := len(g.members) == 0
	for again := true; again; {
		again = false
		for i := range g.scan.candidates {
			c := &g.scan.candidates[i]
			if c.joined || !c.called && !(g.search.children && g.scan.members[c.parent]) {
				continue
			}
			c.joined, again = true, true
			m, err := g.join(int(c.pid))
			if err != nil && !isGone(err) {
				return err
			}
			if err == nil {
				g.scan.members[c.pid] = true
				m.seen = false
			}
		}
	}
	if first && len(g.members) > 0 {
		g.begin(g.members[0])
	}
	return nil
}

// list makes a candidate of each process that is no member.
func (g *processes) list() (err error) {
	s := &g.scan
	if s.proc == nil {
		if s.proc, err = g.reader.open("/proc"); err != nil {
			return err
		}
		s.members, s.names = map[int64]bool{}, map[int64]verdict{}
	}
	if _, err := s.proc.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	clear(s.members)
	for _, m := range g.members {
		s.members[m.stat.pid] = true
	}
	s.candidates = s.candidates[:0]
	s.round++
	for {
		names, err := s.proc.file.Readdirnames(256)
		for _, name := range names {
			if err := g.candidate(name); err != nil && !isGone(err) {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	for pid, v := range s.names {
		if v.round != s.round {
			delete(s.names, pid)
		}
	}
	return nil
}

func (g *processes) candidate(name string) error {
	pid, err := strconv.ParseInt(name, 10, 64)
	if err != nil || g.scan.members[pid] {
		return nil
	}
	data, err := g.reader.once("/proc/" + name + "/stat")
	if err != nil {
		return err
	}
	known := g.scan.names[pid]
	stat, err := parseStat(data, known.command)
	if err != nil {
		return fmt.Errorf("/proc/%s/stat: %w", name, err)
	}
	c := candidate{pid: pid, parent: stat.parent, start: stat.startTicks}
	if g.search.name != "" {
		if known.start != stat.startTicks || known.command != stat.command {
			known = verdict{start: stat.startTicks, command: stat.command, called: g.isCalled(name, stat)}
		}
		known.round = g.scan.round
		g.scan.names[pid] = known
		c.called = known.called
	}
	g.scan.candidates = append(g.scan.candidates, c)
	return nil
}

// isCalled tells whether a process has the name that is looked for. The kernel
// keeps 15 bytes of the command.
func (g *processes) isCalled(pid string, stat procStat) bool {
	name := g.search.name
	if stat.pid == g.self() {
		return false
	}
	if stat.command == name {
		return true
	}
	arguments, err := g.reader.once("/proc/" + pid + "/cmdline")
	if err != nil {
		return false
	}
	program, _, _ := bytes.Cut(arguments, []byte{0})
	program, _, _ = bytes.Cut(program, []byte{' '}) // as redis-server *:6379
	return len(program) > 0 && path.Base(string(program)) == name
}

// self is the pid of this process in the /proc that is read.
func (g *processes) self() int64 {
	data, err := g.reader.once(procSelf + "/stat")
	if err != nil {
		return 0
	}
	stat, _ := parseStat(data, "")
	return stat.pid
}
