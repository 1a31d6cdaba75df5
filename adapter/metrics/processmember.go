package metrics

import (
	"fmt"
	"io/fs"
)

// maxKept bounds the members whose files stay open, four of each.
const maxKept = 16

// A member is one process of those that are measured.
type member struct {
	dir                    string
	keep                   bool
	stats, statm, io, open *openFile // nil: not kept open

	stat procStat
	disk procIO
	seen bool // it was measured before
}

func (m *member) exited() bool { return m.stat.state == 'Z' || m.stat.state == 'X' }

func (m *member) close() {
	for _, f := range []**openFile{&m.stats, &m.statm, &m.io, &m.open} {
		(*f).close()
		*f = nil
	}
}

// join makes the process with the pid a member; 0 is this one.
func (g *processes) join(pid int) (*member, error) {
	m := &member{dir: procSelf, keep: len(g.members) < maxKept && !g.reader.sys.reopen}
	if pid != 0 {
		m.dir = procDir(pid)
	}
	if err := g.readStat(m); err != nil {
		m.close()
		return nil, err
	}
	g.enter(m)
	return m, nil
}

// file opens one of m's files, unless it is open. What is not to be kept the
// caller closes by release.
func (g *processes) file(m *member, f *openFile, name string) (*openFile, error) {
	if f != nil {
		return f, nil
	}
	return g.reader.open(m.dir + name)
}

// release returns what is to be kept of an open file.
func (m *member) release(f *openFile) *openFile {
	if m.keep {
		return f
	}
	f.close()
	return nil
}

func (g *processes) readStat(m *member) error {
	f, err := g.file(m, m.stats, "/stat")
	if err != nil {
		return err
	}
	defer func() { m.stats = m.release(f) }()
	data, err := g.reader.read(f)
	if err != nil {
		return err
	}
	s, err := parseStat(data, m.stat.command)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if m.stat.pid != 0 && s.startTicks != m.stat.startTicks {
		return fmt.Errorf("%s: %w: its pid is another process's now", f.path, fs.ErrNotExist)
	}
	m.stat = s
	return nil
}

// read measures a member and adds to the sums. The memory is that of statm,
// because the kernel may keep the counters behind it for each CPU: statm has
// their sum, stat's rss lags behind.
func (g *processes) read(m *member) error {
	if err := g.readStat(m); err != nil || m.exited() {
		return err
	}
	f, err := g.file(m, m.statm, "/statm")
	if err != nil {
		return err
	}
	memory, err := parsed(&g.reader, f, parseStatm)
	m.statm = m.release(f)
	if err != nil {
		return err
	}
	if err := g.readDisk(m); err != nil {
		return err
	}
	if err := g.readOpen(m); err != nil {
		return err
	}
	g.sum.processes++
	g.sum.resident += memory.resident
	g.sum.virtual += memory.virtual
	g.sum.threads += m.stat.threads
	return nil
}

func (g *processes) readDisk(m *member) error {
	f, err := g.file(m, m.io, "/io")
	if err == nil {
		var disk procIO
		if disk, err = parsed(&g.reader, f, parseIO); err == nil {
			m.disk = disk
		}
		m.io = m.release(f)
	}
	if isHidden(err) {
		g.sum.hasIO = false
		return nil
	}
	return err
}

func (g *processes) readOpen(m *member) error {
	f, err := g.file(m, m.open, "/fd")
	if err == nil {
		var n int64
		n, err = countOpen(f.file)
		g.sum.open += n
		m.open = m.release(f)
	}
	if isHidden(err) {
		g.sum.hasOpen = false
		return nil
	}
	return err
}
