package metrics

import (
	"context"
	"fmt"
	"sync"
)

// Process measures one process, or several as one: that of Container, looked up
// in the pod at each collection, or the one with the pid PID, or all that are
// called Name, or, with none of them, this process. It reads /proc, so it is
// available on linux only.
//
// Counters have the time when the process was started as their Start. When the
// process is another one, because the container was started again or the system
// has given PID to another, they begin anew with its Start.
//
// A container that runs as a goroutine has no process of its own: its series
// are those of the whole process, and have the label scope="whole_process".
//
// What this user must not see of the process, as the bytes that another user's
// process has read, is left out. A Process must not be copied after its first
// use. Between two collections it keeps up to 64 files under /proc open.
type Process struct {
	Container string // adds the label container.name; empty: none is meant
	PID       int    // adds the label process.pid; 0: none is meant, negative: an error

	// Name is that of the command, as ps has it, or the last part of its first
	// argument: all processes with it are measured as one, without this one. It
	// adds the label process.executable.name. Empty: none is meant.
	Name string

	// Children adds all processes that the measured have started, and those that
	// they have, as far as a collection has seen them, to the same series. One
	// whose parent has ended goes on to count. What a child has used up stays in
	// the counters when it has ended, also when it came and went between two
	// collections, if its parent waited for it. The processes of the machine are
	// looked through at each collection.
	Children bool

	sys   *system
	mu    sync.Mutex
	group processes
}

var (
	_ Source    = (*Process)(nil)
	_ Validator = (*Process)(nil)
)

// String returns the source's name: process, and after a slash Container, PID or
// Name.
func (p *Process) String() string { return "process" + p.target().String() }

func (p *Process) target() target { return target{p.Container, p.PID, p.Name} }

// Validate tells what is wrong with the fields.
func (p *Process) Validate() error {
	var wrong faults
	p.target().check(&wrong)
	return wrong.err()
}

// Collect adds the families process.*. A process that does not run is an error.
func (p *Process) Collect(ctx context.Context, b *Batch) error {
	sys := p.sys.orMachine()
	if err := sys.available("process"); err != nil {
		return err
	}
	pid, err := p.target().find(ctx, sys)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &p.group
	g.reader.sys = sys
	if err := g.measure(search{pid: pid, name: p.Name, children: p.Children}); err != nil {
		return fmt.Errorf("process: %w", err)
	}
	scope := ""
	if p.Container != "" && pid == 0 {
		scope = "whole_process"
	}
	g.labels.make(p.target(), scope)
	g.add(b)
	return nil
}

// processLabels are made once, as long as the scope stays.
type processLabels struct {
	made                                bool
	scope                               string
	plain                               *Labels
	user, system, minor, major, in, out *Labels
}

func (l *processLabels) make(t target, scope string) {
	if l.made && l.scope == scope {
		return
	}
	*l = processLabels{
		made:   true,
		scope:  scope,
		plain:  t.labels(scope),
		user:   t.labels(scope, "cpu.mode", "user"),
		system: t.labels(scope, "cpu.mode", "system"),
		minor:  t.labels(scope, "system.paging.fault.type", "minor"),
		major:  t.labels(scope, "system.paging.fault.type", "major"),
		in:     t.labels(scope, "disk.io.direction", "read"),
		out:    t.labels(scope, "disk.io.direction", "write"),
	}
}

// add adds what was measured.
func (g *processes) add(b *Batch) {
	l, c := &g.labels, g.counted()
	counter := func(d Desc, labels [2]*Labels, values [2]Value) {
		f := b.Family(d)
		for i, v := range values {
			f.Add(labels[i], v).Start = g.start
		}
	}
	counter(processCPUTime, [2]*Labels{l.user, l.system}, [2]Value{Float(seconds(c[userTicks])), Float(seconds(c[systemTicks]))})
	counter(processFaults, [2]*Labels{l.minor, l.major}, [2]Value{Int(c[minorFaults]), Int(c[majorFaults])})
	if g.sum.hasIO {
		counter(processDiskIO, [2]*Labels{l.in, l.out}, [2]Value{Int(c[readBytes]), Int(c[writtenBytes])})
	}
	gauge := func(d Desc, v Value) { b.Family(d).Add(l.plain, v) }
	gauge(processMemory, Int(g.sum.resident*g.reader.sys.pageSize))
	gauge(processVirtual, Int(g.sum.virtual*g.reader.sys.pageSize))
	gauge(processThreads, Int(g.sum.threads))
	if g.sum.hasOpen {
		gauge(processOpen, Int(g.sum.open))
	}
	if g.start != 0 {
		gauge(processStart, Float(float64(g.start/1e6)/1e3))
		gauge(processUptime, Float(since(g.start)))
	}
	if g.search.many() {
		gauge(processCount, Int(g.sum.processes))
	}
}
