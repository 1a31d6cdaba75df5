package pod

import (
	"context"
	"fmt"
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
}

// readier is a block that is not ready as soon as it runs.
type readier interface{ Ready(context.Context) error }

var launched atomic.Int64 // numbers all runs of the process

// instance is m's next run, not launched yet.
func (r *run) instance(m *member, number int) *instance {
	nothing := func() {}
	inst := &instance{run: r, member: m, endChecks: nothing, endHook: nothing}
	inst.label = r.pod.name() + "/" + m.Name + "#" + strconv.Itoa(number) + "." + strconv.FormatInt(launched.Add(1), 10)
	inst.inner, inst.stop = context.WithCancel(r.base)
	inst.killed, inst.kill = context.WithCancel(context.Background())
	return inst
}

// launch starts the goroutine of the run.
func (inst *instance) launch() {
	inst.run.dir.enter()
	go pprof.Do(inst.inner, pprof.Labels(labelContainer, inst.label), inst.live)
}

// live is a run's life. Whatever way it ends, the loop learns of it.
func (inst *instance) live(ctx context.Context) {
	var e exit
	ended := false
	defer func() {
		if v := recover(); v != nil {
			e = failed(codePanic, ReasonError, &PanicError{Value: v, Stack: debug.Stack()})
		} else if !ended {
			e = failed(1, ReasonGoexit, errGoexit)
		}
		inst.end(e)
	}()
	e = classify(ctx, inst.execute(ctx))
	ended = true
}

// execute gives the container what it works with, and calls it.
func (inst *instance) execute(ctx context.Context) error {
	r, m := inst.run, inst.member
	root, err := r.dir.root()
	if err != nil {
		return &startError{fmt.Errorf("open its root: %w", err)}
	}
	defer root.Close()
	ctx = r.sandbox(m, root, inst.killed).Context(ctx)
	inst.inner = ctx
	began := func(pid int) {
		r.inbox.put(func(now time.Time) { r.began(inst, pid, now) })
	}
	if m.Command != nil {
		c := &command{
			container: m.Container, env: r.commandEnv(), dir: r.dir.path, root: root,
			socket: m.socket, logger: m.log, started: began,
		}
		return c.run(ctx)
	}
	env := Env{Root: root, Dir: r.dir.path}
	if m.socket != nil {
		lease := m.socket.lease()
		inst.mu.Lock()
		inst.lease = lease
		inst.mu.Unlock()
		env.Listener = lease
	}
	if !m.beginsAtOnce() {
		began(0)
	}
	if block, ok := m.block().(readier); ok {
		inst.idle = make(chan struct{}, 1)
		go inst.awaitReady(block, "")
	}
	return call(ctx, m.Container, env)
}

func call(ctx context.Context, c *Container, env Env) error {
	switch {
	case c.Sidecar != nil:
		return c.Sidecar.Run(ctx, env.Root)
	case c.Ambassador != nil:
		return c.Ambassador.Serve(ctx, env.Listener)
	case c.Adapter != nil:
		return c.Adapter.Adapt(ctx, env.Root, env.Listener)
	default:
		return c.Run(ctx, env)
	}
}

// end gives back what the run had, and tells the loop.
func (inst *instance) end(e exit) {
	r, m := inst.run, inst.member
	inst.endLeases()
	inst.stop()
	inst.kill()
	inst.finish()
	if err := r.dir.leave(); err != nil {
		m.log.Warn("after an abandoned container returned", "err", err)
	}
	if !r.inbox.put(func(now time.Time) { r.exited(m, inst, e, now) }) { // after Run has returned
		r.observe(m, func(s *ContainerStatus) { s.Hanging = nil })
	}
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
