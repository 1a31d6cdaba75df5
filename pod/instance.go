package pod

import (
	"context"
	"net"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// An instance is one run of one container, from its launch to its return, which
// may come after the pod gave it up.
type instance struct {
	run        *run
	member     *member
	label      string // in its goroutines' pprof labels
	stop, kill context.CancelFunc
	killed     context.Context

	inner  context.Context // the run's own, with its sandbox once it has begun
	beside sync.WaitGroup  // what goes on beside the run: probes and hooks
	idle   chan struct{}   // holds a token while the block's Ready is not called; nil if it has none

	// The loop's.
	began, stopAt, toldAt time.Time
	hasStarted, wasReady  bool
	checked               context.Context // ends when the run's stop begins
	endChecks             context.CancelFunc
	endProbe              [probeKinds]context.CancelFunc
	held                  [probeKinds]bool // the probe has had its say on this run
	endHook               context.CancelFunc
	hookFailed            bool  // PostStart has
	sick                  error // why the run is stopped

	mu        sync.Mutex
	timers    [probeKinds]*time.Timer // of what is to go on beside the run
	besides   context.Context         // is values, once it is needed
	endValues context.CancelFunc
	lease     *lease
	returned  bool
	abandoned bool

	exit exit // how it returned
}

// readier is a block that is not ready as soon as it runs.
type readier interface{ Ready(context.Context) error }

var launched atomic.Int64 // numbers all runs of the process

// instance is m's next run, not launched yet.
func (r *run) instance(m *member, number int) *instance {
	nothing := func() {}
	inst := &instance{run: r, member: m, endChecks: nothing, endHook: nothing}
	inst.label = r.within + r.pod.name() + "/" + m.Name + "#" + strconv.Itoa(number) + "." + strconv.FormatInt(launched.Add(1), 10)
	inst.inner, inst.stop = context.WithCancel(r.base)
	inst.killed, inst.kill = context.WithCancel(context.Background())
	return inst
}

// launch starts the goroutine of the run.
func (inst *instance) launch() {
	inst.run.dir.enter()
	inst.inner = pprof.WithLabels(inst.inner, pprof.Labels(labelContainer, inst.label))
	go inst.live()
}

// live is a run's life. Whatever way it ends, the loop learns of it. It and what it
// calls leave the container most of the goroutine's first stack, so that an idle
// one needs no other.
func (inst *instance) live() {
	pprof.SetGoroutineLabels(inst.inner)
	ended := false
	defer func() {
		if v := recover(); v != nil {
			inst.exit = failed(codePanic, ReasonError, &PanicError{Value: v, Stack: debug.Stack()})
		} else if !ended {
			inst.exit = failed(1, ReasonGoexit, errGoexit)
		}
		inst.end()
	}()
	inst.note(inst.execute())
	ended = true
}

// note would make live's frame larger by all of an exit, were it a part of it.
//
//go:noinline
func (inst *instance) note(err error) { inst.exit = classify(inst.inner, err) }

// execute gives the container what it works with, and calls it.
func (inst *instance) execute() error {
	root, err := inst.run.dir.root()
	if err != nil {
		return err
	}
	defer root.Close()
	inst.begin(root)
	switch c := inst.member.Container; {
	case c.Command != nil:
		return inst.command(root)
	case c.Sidecar != nil:
		return c.Sidecar.Run(inst.inner, root)
	case c.Ambassador != nil:
		return c.Ambassador.Serve(inst.inner, inst.listener())
	case c.Adapter != nil:
		return c.Adapter.Adapt(inst.inner, root, inst.listener())
	default:
		return c.Run(inst.inner, Env{Root: root, Dir: inst.run.dir.path, Listener: inst.listener()})
	}
}

// begin makes the run's sandbox. A Command begins with its process, all else here.
func (inst *instance) begin(root *os.Root) {
	m := inst.member
	inst.inner = inst.run.sandbox(m, root, inst.killed).Context(inst.inner)
	if m.Command != nil {
		return
	}
	if m.socket != nil {
		inst.holds(m.socket.lease())
	}
	if !m.beginsAtOnce() {
		inst.hasBegun(0)
	}
	if block, ok := m.block().(readier); ok {
		inst.idle = make(chan struct{}, 1)
		go inst.awaitReady(block, "")
	}
}

// command runs the container's program.
func (inst *instance) command(root *os.Root) error {
	r, m := inst.run, inst.member
	c := &command{
		container: m.Container, env: r.commandEnv(), dir: r.dir.path, root: root,
		socket: m.socket, logger: m.log, started: inst.hasBegun, leased: inst.holds,
	}
	return c.run(inst.inner)
}

// hasBegun tells the loop.
func (inst *instance) hasBegun(pid int) {
	inst.run.inbox.put(func(now time.Time) { inst.run.began(inst, pid, now) })
}

// listener is the run's lease, a plain nil without Listen.
func (inst *instance) listener() net.Listener {
	if inst.lease == nil {
		return nil
	}
	return inst.lease
}

// end gives back what the run had, and tells the loop.
func (inst *instance) end() {
	r, m := inst.run, inst.member
	inst.endLeases()
	inst.stop()
	inst.kill()
	inst.finish()
	if err := r.dir.leave(); err != nil {
		m.log.Warn("after an abandoned container returned", "err", err)
	}
	if !r.inbox.put(func(now time.Time) { r.exited(m, inst, inst.exit, now) }) { // after Run has returned
		r.observe(m, func(s *ContainerStatus) { s.Hanging = nil })
	}
}

func (inst *instance) holds(l *lease) {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	inst.lease = l
}

// endLeases gives the run's listeners back to the pod.
func (inst *instance) endLeases() {
	inst.mu.Lock()
	lease := inst.lease
	inst.mu.Unlock()
	if lease != nil {
		lease.Close()
	}
	inst.run.packets.end(inst.member.Name)
}

// abandon notes that the pod has given the run up, unless it has returned.
func (inst *instance) abandon() bool {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if inst.returned {
		return false
	}
	inst.abandoned = true
	inst.run.pod.remember(inst.member.Name)
	return true
}

func (p *Pod) remember(abandoned string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive == nil {
		p.alive = map[string]struct{}{}
	}
	p.alive[abandoned] = struct{}{}
}

func (p *Pod) forget(abandoned string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, abandoned)
}
