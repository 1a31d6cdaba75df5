package pod_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A trace is a pod's events, each with the time since the pod was made.
type trace struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func (tr *trace) observe(e pod.Event) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	who := e.Container
	if who == "" {
		who = "pod"
	}
	tr.lines = append(tr.lines, fmt.Sprintf("%v %s %s", e.Time.Sub(tr.began), who, e.Reason))
}

func (tr *trace) take() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	lines := tr.lines
	tr.lines = nil
	return lines
}

// lines cuts a text into the lines of a trace.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// bubble runs a pod of these containers in virtual time. script drives it, and
// stop ends it and returns what Run returned.
func bubble(t *testing.T, p *pod.Pod, script func(t *testing.T, b *running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := start(t, p)
		defer synctest.Wait()
		defer b.stop() // also when script fails
		script(t, b)
	})
}

// running is a pod that runs.
type running struct {
	t      *testing.T
	pod    *pod.Pod
	trace  *trace
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

func start(t *testing.T, p *pod.Pod) *running {
	t.Helper()
	b := &running{t: t, pod: p, trace: &trace{began: time.Now()}, ended: make(chan struct{})}
	if p.Observer == nil {
		p.Observer = b.trace.observe
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(t.Context())
	go func() {
		defer close(b.ended)
		b.err = p.Run(ctx)
	}()
	return b
}

func (b *running) stop() error {
	b.cancel()
	return b.wait()
}

func (b *running) wait() error {
	<-b.ended
	return b.err
}

// expect compares what has happened since the last call with a trace.
func (b *running) expect(text string) {
	b.t.Helper()
	synctest.Wait()
	require.Equal(b.t, lines(text), b.trace.take())
}

// until is a run that ends when it is told to.
func until(ctx context.Context, _ *os.Root) error {
	<-ctx.Done()
	return ctx.Err()
}

// passed is time.After without a timer that is due already, of which two at once in
// a bubble crash the race detector of Go 1.26.
func passed(d time.Duration) <-chan time.Time {
	if d > 0 {
		return time.After(d)
	}
	now := make(chan time.Time)
	close(now)
	return now
}

func mainUntil(ctx context.Context, _ pod.Env) error { return until(ctx, nil) }

// after is a main container that ends by itself.
func after(d time.Duration, err error) func(context.Context, pod.Env) error {
	return func(ctx context.Context, _ pod.Env) error {
		select {
		case <-passed(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lingering takes so long to end after it was told to, and gives up when it is
// killed.
func lingering(d time.Duration) func(context.Context, *os.Root) error {
	return func(ctx context.Context, _ *os.Root) error {
		grace, cancel := sandbox.Grace(ctx)
		defer cancel()
		<-ctx.Done()
		select {
		case <-passed(d):
			return nil
		case <-grace.Done():
			return grace.Err()
		}
	}
}

func asMain(run func(context.Context, *os.Root) error) func(context.Context, pod.Env) error {
	return func(ctx context.Context, env pod.Env) error { return run(ctx, env.Root) }
}

// gated is a sidecar whose first Ready takes so long.
type gated struct {
	sidecar.Func
	after time.Duration
	ready bool
}

func (g *gated) Ready(ctx context.Context) error {
	if g.ready {
		return nil
	}
	g.ready = true
	select {
	case <-passed(g.after):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errBoom = errors.New("boom")

// scripted returns a run that ends each time as the next result says, and then
// runs until it is told to end.
func scripted(results ...error) func(context.Context, *os.Root) error {
	var mu sync.Mutex
	return func(ctx context.Context, root *os.Root) error {
		mu.Lock()
		if len(results) > 0 {
			err := results[0]
			results = results[1:]
			mu.Unlock()
			return err
		}
		mu.Unlock()
		return until(ctx, root)
	}
}

// firstly ends its first run after d, and later ones when it is told to.
func firstly(d time.Duration, err error) func(context.Context, *os.Root) error {
	runs := 0
	return func(ctx context.Context, root *os.Root) error {
		if runs++; runs > 1 {
			return until(ctx, root)
		}
		return after(d, err)(ctx, pod.Env{})
	}
}

// pausing takes a while before its first run does anything, so that others have
// begun by then.
func pausing(d time.Duration, run func(context.Context, *os.Root) error) func(context.Context, *os.Root) error {
	paused := false
	return func(ctx context.Context, root *os.Root) error {
		if !paused {
			paused = true
			time.Sleep(d)
		}
		return run(ctx, root)
	}
}

// slow is for a test that takes seconds of real time: not with -short.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds of real time")
	}
}
