package pod

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Run starts the containers, keeps them running, and returns when the main
// containers are done, or when ctx is and everything has stopped (K13, K14).
//
// It returns nil only if the main containers ended as they should, or were
// stopped cleanly, and no container's last run, helpers included, failed or was
// abandoned. Otherwise the error is a multierror with a [ContainerError] for each
// that did; errors.Is and errors.As see through it. Bad fields, and addresses
// that can't be opened, are all in one multierror of [FieldError], and nothing
// was started then. A second Run at once is an error, as is one while a
// container that an earlier one abandoned still runs.
//
// With everything hanging Run returns at most max(TerminationGracePeriod, 2 s) +
// 2 s after the stop began (K15, K17).
func (p *Pod) Run(ctx context.Context) error { return p.supervise(ctx, "") }

// RunContainer supervises one container alone, its restarts and its listener
// included, without the others and what gates it on them: the pod's other
// containers run elsewhere, each in a process of its own on the same Dir. It
// records its process id and address in Dir, under .pod, where the others find
// them by [sandbox.Process] and [sandbox.Addr], and refuses a container that runs
// on this Dir already. It returns as Run does, and an init container's or a main
// container's end is its end.
//
// A helper whose ctx is done goes on while a main container runs on this Dir, for
// at most as long as Linger says: so it serves the mains to their end also
// where the platform tells all containers to stop together. The mains' locks in Dir
// say so, which end with their processes.
func (p *Pod) RunContainer(ctx context.Context, name string) error {
	if name == "" || !p.has(name) {
		return fmt.Errorf("pod %q: RunContainer: %q: no container has this name", p.name(), name)
	}
	return p.supervise(ctx, name)
}

func (p *Pod) has(name string) bool {
	for i := range p.Containers {
		if p.Containers[i].Name == name {
			return true
		}
	}
	return false
}

func (p *Pod) supervise(ctx context.Context, alone string) error {
	if err := p.begin(); err != nil {
		return fmt.Errorf("pod %q: %w", p.name(), err)
	}
	defer p.finish()
	r, err := p.open(ctx, alone)
	if err != nil {
		return err
	}
	r.loop(ctx)
	return r.close()
}

// begin keeps a second run out, and one while something of an earlier is left.
func (p *Pod) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return errors.New("runs already: a Pod serves one Run at a time")
	}
	for name := range p.alive {
		return fmt.Errorf("container %q was abandoned by an earlier Run and has not returned yet", name)
	}
	p.running = true
	if p.observing == nil {
		p.observing = make(chan struct{}, 1)
	}
	return nil
}

func (p *Pod) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = false
}

// A run is one call of Run or RunContainer. Its loop owns state and the members;
// what others read is under mu.
type run struct {
	pod    *Pod
	alone  string          // the one container's name, in RunContainer
	base   context.Context // the values of Run's context, without its end
	within string          // the label of the run that this pod is in, and a space; else empty
	inbox  *inbox

	spec    *spec
	state   *state
	members []*member
	byName  map[string]*member
	dir     *directory
	packets packets
	common  sandbox.Sandbox // what the sandboxes of all members have in common
	feed    *feed
	marks   *marks // in RunContainer

	endpoint *endpoint // nil without StatusListen

	mu         sync.Mutex
	startedAt  time.Time
	phase      Phase // once it is Succeeded or Failed it stays (K36)
	deadlined  bool
	initFailed bool // K3
	conditions conditions
}

// A member is a container in a run of its pod.
type member struct {
	*Container
	place    int // in Pod.Containers
	index    int // in run.members, spec and state
	log      *slog.Logger
	checks   [probeKinds]*Probe
	socket   *socket // nil without Listen
	current  *instance
	last     exit
	restarts []chan<- error // callers of Restart, who wait for the next start

	status ContainerStatus // under run.mu
	pid    int             // of the current run, under run.mu
}

// loop decides and acts until nothing runs any more. What happens meanwhile comes
// through the inbox.
func (r *run) loop(ctx context.Context) {
	stop := ctx.Done()
	if r.lingers() {
		stop = nil
		var lingering sync.WaitGroup
		defer lingering.Wait()
		ended, end := context.WithCancel(context.Background())
		defer end()
		lingering.Go(func() { r.linger(ctx, ended) })
	}
	var outerKill <-chan struct{}
	if sandbox.From(ctx) != nil { // this pod runs in a container of another
		grace, release := sandbox.Grace(ctx)
		defer release()
		outerKill = grace.Done()
	}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.state.stopAsked = r.state.stopAsked || ctx.Err() != nil && !r.lingers()
		now := time.Now()
		wake := r.settle(now)
		if r.state.over() {
			return
		}
		var due <-chan time.Time
		if !wake.IsZero() {
			timer.Reset(wake.Sub(now))
			due = timer.C
		}
		select {
		case <-stop:
			stop = nil
		case <-outerKill:
			outerKill = nil
			r.state.stopAsked = true
			now := time.Now()
			r.settle(now)
			r.state.hurry(now)
		case <-r.inbox.full:
			// What is due at the time when it happened is first, so that which of two
			// timers of one moment wins is not left to chance.
			if now := time.Now(); r.overdue(now) {
				r.settle(now)
			}
			for _, happened := range r.inbox.take() {
				happened(time.Now())
			}
		case <-due:
		}
	}
}

func (r *run) overdue(now time.Time) bool {
	_, is := due(r.spec, r.state, now)
	return is
}

// settle carries out what is to be done now, and returns when to look again.
func (r *run) settle(now time.Time) (wake time.Time) {
	for {
		actions, wake := decide(r.spec, r.state, now)
		if len(actions) == 0 {
			r.observeConditions(now)
			return wake
		}
		for _, a := range actions {
			before := r.state.containers[a.container]
			r.state.apply(a, now)
			r.act(a, before, now)
		}
	}
}

// close gives back what open took, and returns how the run ended.
func (r *run) close() error {
	r.inbox.shut()
	r.settleStatus()
	errs := &multierror.Error{ErrorFormat: r.errorFormat}
	for _, m := range r.members {
		if m.last.failed {
			errs = multierror.Append(errs, &ContainerError{Container: m.Name, ExitCode: m.last.code, Reason: m.last.reason, Err: m.last.err})
		}
	}
	if r.state.deadlined {
		errs = multierror.Append(errs, ErrActiveDeadline)
	}
	return multierror.Append(errs, r.release()...).ErrorOrNil()
}
