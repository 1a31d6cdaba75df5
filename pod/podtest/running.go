package podtest

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Running is a pod that runs as long as a test does. Its methods are for the
// test's own goroutine: some fail the test at once, and in a bubble they wait as
// [testing/synctest.Wait] does, which only one may at a time.
type Running struct {
	// Patience is how long Wait and the Await methods wait before they fail the
	// test. 0: 30 s, and in a bubble of testing/synctest an hour, which is over at
	// once there.
	Patience time.Duration

	t       testing.TB
	pod     *pod.Pod
	out     *output
	history history
	id      string // in the pprof label of all that the pod starts
	cancel  context.CancelFunc
	ended   chan struct{}
	err     error // set before ended is closed
	taken   atomic.Bool

	expected int            // events that ExpectTrace has compared
	awaited  map[string]int // events that Await has gone past, by container

	mu sync.Mutex // of the pod's fields, which the run has borrowed
}

// Run starts p, returns when its listeners are open, and ends it with the test: in
// t.Cleanup it tells the pod to stop, waits for it, and fails t if the pod does not
// end in the time it has for that, if its Run returned an error that the test did
// not take by [Running.Stop] or [Running.Wait], or if goroutines that it or its
// containers started are left. What is registered with t.Cleanup after Run is
// called while the pod still runs.
//
// It works in a bubble of testing/synctest and outside; t is then the bubble's.
//
// While p runs its Observer is one that keeps the trace, writes it to t.Output,
// and calls the Observer that was there, and a nil Logger is one that writes to
// t.Output. If t has failed at its end, the pod's status and trace are in its
// artefact directory, in a file named after the pod.
func Run(t testing.TB, p *pod.Pod) *Running {
	t.Helper()
	r := &Running{
		t: t, pod: p, out: newOutput(t), id: strconv.FormatInt(runs.Add(1), 10),
		ended: make(chan struct{}), awaited: map[string]int{},
	}
	r.history.begin()
	var ctx context.Context
	// Not derived from t.Context, which ends before the cleanups do.
	ctx, r.cancel = context.WithCancel(context.Background())
	giveBack := r.borrow()
	t.Cleanup(r.end)
	go pprof.Do(ctx, pprof.Labels(labelRunning, r.id), func(ctx context.Context) { r.run(ctx, giveBack) })
	r.awaitOpen()
	return r
}

var runs atomic.Int64

// borrow makes the pod report to r. It can't be a copy that does: the test calls
// Restart and Status of the one it has.
func (r *Running) borrow() (giveBack func()) {
	p := r.pod
	observer, logger := p.Observer, p.Logger
	p.Observer = func(e pod.Event) {
		fmt.Fprintln(r.out, eventLine(e, r.history.began))
		r.history.add(e)
		if observer != nil {
			observer(e)
		}
	}
	if logger == nil {
		p.Logger = r.out.logger()
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.Observer, p.Logger = observer, logger
	}
}

func (r *Running) run(ctx context.Context, giveBack func()) {
	defer close(r.ended)
	defer giveBack()
	r.err = r.pod.Run(ctx)
}

// awaitOpen waits until the pod has a status of this run, and its addresses, or has
// ended.
func (r *Running) awaitOpen() {
	r.t.Helper()
	r.await("start of the pod", func() bool {
		return isDone(r.ended) || !r.Status().StartTime.Before(r.history.began)
	})
}

// Status is the pod's. In a bubble all of this instant has happened.
func (r *Running) Status() pod.Status {
	settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pod.Status()
}

// Container is the status of one container. Where the pod has none of the name the
// test fails at once.
func (r *Running) Container(name string) pod.ContainerStatus {
	r.t.Helper()
	for _, c := range r.Status().Containers {
		if c.Name == name {
			return c
		}
	}
	r.t.Fatalf("podtest: the pod has no container %q", name)
	return pod.ContainerStatus{}
}

// Stop tells the pod to stop, waits until it has ended, and returns the error of
// its Run. Where it does not end within its grace period, the 2 s on top of that
// and 10 s for a slow machine, the test fails.
func (r *Running) Stop() error {
	r.t.Helper()
	r.taken.Store(true)
	r.cancel()
	limit := stopLimit(r.pod)
	if !within(limit, r.ended) {
		r.t.Errorf("podtest: the pod has not ended %v after it was told to stop\n%s\n%s", limit, leftText(goroutinesOf(r.id)), r.report())
		return errors.New("podtest: the pod has not ended")
	}
	return r.err
}

// Wait waits until the pod has ended by itself, and returns the error of its Run.
// Where it does not end within Patience the test fails at once.
func (r *Running) Wait() error {
	r.t.Helper()
	r.taken.Store(true)
	patience := r.patience()
	if !within(patience, r.ended) {
		r.t.Fatalf("podtest: the pod has not ended by itself within %v\n%s", patience, r.report())
	}
	return r.err
}

// end is the cleanup.
func (r *Running) end() {
	r.t.Helper()
	asked := r.taken.Load()
	report := r.report() // as it was before the stop
	err := r.Stop()
	if isDone(r.ended) {
		if err != nil && !asked {
			r.t.Errorf("podtest: the pod ended with an error that the test did not take (by Stop or Wait):\n%v", err)
		}
		r.failOnLeaks()
	}
	if r.t.Failed() {
		if err != nil {
			report += "\n" + err.Error() + "\n"
		}
		keep(r.t, r.Status().Name+"-status.txt", report)
	}
}

// report is what a failure shows of the pod.
func (r *Running) report() string {
	return fmt.Sprintf("%v\nTrace:\n%v", r.Status(), r.Trace())
}

func (r *Running) patience() time.Duration {
	switch inBubble := settle(); {
	case r.Patience > 0:
		return r.Patience
	case inBubble:
		return time.Hour
	}
	return 30 * time.Second
}

// stopLimit is how long a pod may take from the stop to its end, and a margin for
// a machine under load.
func stopLimit(p *pod.Pod) time.Duration {
	grace := p.TerminationGracePeriod
	if grace == 0 {
		grace = sandbox.DefaultGrace
	}
	return max(grace, 2*time.Second) + 12*time.Second
}
