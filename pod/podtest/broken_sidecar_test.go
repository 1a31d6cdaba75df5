package podtest

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// TestBrokenSidecars has an implementation for each way to break a rule. What
// blocks in them for ever ends with the test.
func TestBrokenSidecars(t *testing.T) {
	NoLeaks(t)
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })

	fn := func(run func(context.Context, *os.Root) error) *block {
		return sidecarBlock(func() sidecar.Sidecar { return sidecar.Func(run) })
	}
	of := sidecarBlock
	testBroken(t, []broken{
		{"fails", fn(func(context.Context, *os.Root) error { return errors.New("no config") }),
			map[string]string{"start": `Run must go on until its ctx is done, but it returned the error "no config"`}},
		{"panics", fn(func(context.Context, *os.Root) error { panic("boom") }),
			map[string]string{"start": "panicked: boom\ngoroutine "}},
		{"exits its goroutine", fn(func(context.Context, *os.Root) error { runtime.Goexit(); return nil }),
			map[string]string{"start": "runtime.Goexit"}},
		{"ignores ctx", fn(func(context.Context, *os.Root) error { <-over; return nil }),
			map[string]string{"stop": "must return soon after its ctx is done"}},
		{"returns another error", fn(func(ctx context.Context, _ *os.Root) error { <-ctx.Done(); return errors.New("stopped") }),
			map[string]string{"stop": `must return nil or the error of its ctx once that is done, but it returned the error "stopped"`}},
		{"panics at stop", fn(func(ctx context.Context, _ *os.Root) error { <-ctx.Done(); panic("boom") }),
			map[string]string{"stop": "panicked: boom"}},
		{"needs time to start", fn(func(ctx context.Context, _ *os.Root) error {
			if ctx.Err() != nil {
				return errors.New("cannot start")
			}
			<-ctx.Done()
			return nil
		}), map[string]string{"stop before ready": "Run, called with its ctx done, must return nil"}},
		{"drains without end", fn(func(ctx context.Context, root *os.Root) error {
			return drain(ctx, root, sandbox.From(ctx).Killed.Done())
		}), map[string]string{"stop while busy": "must return when the context of sandbox.Grace ends"}},
		{"drains by a clock of its own", fn(func(ctx context.Context, root *os.Root) error {
			own := make(chan struct{})
			context.AfterFunc(ctx, func() {
				after(sandbox.From(ctx).Grace, own, over)
			})
			return drain(ctx, root, own)
		}), map[string]string{"killed": "must return when the pod kills the run"}},
		{"gives up early", fn(func(ctx context.Context, root *os.Root) error {
			<-ctx.Done()
			if _, err := root.Stat("podtest.log"); err == nil {
				return errors.New("3 lines unsent")
			}
			return nil
		}), map[string]string{"stop while busy": "must finish what it has taken until the grace period"}},
		{"closes its channel again", of(func() sidecar.Sidecar { return &closer{done: make(chan struct{})} }),
			map[string]string{"run again": "the second call of Run on one value must return nil", "two runs at once": "panicked: close of closed channel"}},
		{"runs once", of(func() sidecar.Sidecar { return new(once) }),
			map[string]string{"run again": "the second call of Run on one value must go on until its ctx is done, but it returned nil", "two runs at once": "after the first one was stopped, must go on"}},
		{"fails again", of(func() sidecar.Sidecar { return new(failsAgain) }),
			map[string]string{"run again": `the second call of Run on one value must go on until its ctx is done, but it returned the error "used"`}},
		{"is taken over", of(func() sidecar.Sidecar { return new(takeover) }),
			map[string]string{"two runs at once": "the first of two calls of Run at once, after the second one began, must go on"}},
		{"waits for the other", of(func() sidecar.Sidecar { return new(mutual) }),
			map[string]string{"two runs at once": "the second of two calls of Run at once"}},
		{"is always ready", of(func() sidecar.Sidecar { return readyFunc(func(context.Context) error { return nil }) }),
			map[string]string{"ready": "before any run it returned nil"}},
		{"is never ready", of(func() sidecar.Sidecar {
			return readyFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}), map[string]string{"start": "Ready must return nil when Run is ready, but within"}},
		{"is not ready instead of blocking", of(func() sidecar.Sidecar { return new(impatient) }),
			map[string]string{"ready": "Ready must block until a run is ready or its ctx ends"}},
		{"has Ready ignore ctx", of(func() sidecar.Sidecar { return &deaf{over: over} }),
			map[string]string{"ready": "before any run, 500ms later, it still blocks"}},
		{"stays ready", of(func() sidecar.Sidecar { return &stale{ready: make(chan struct{})} }),
			map[string]string{"ready": "after the first run it returned nil"}},
		{"leaves a goroutine", fn(func(ctx context.Context, _ *os.Root) error { go wait(over); <-ctx.Done(); return nil }),
			map[string]string{"nothing left behind": "podtest.wait("}},
	})
}

func wait(c <-chan struct{}) { <-c }

func after(d time.Duration, done chan<- struct{}, over <-chan struct{}) {
	defer close(done)
	select {
	case <-time.After(d):
	case <-over:
	}
}

// drain goes on until end, if there is a log to be drained.
func drain(ctx context.Context, root *os.Root, end <-chan struct{}) error {
	<-ctx.Done()
	if _, err := root.Stat("podtest.log"); err == nil {
		<-end
	}
	return nil
}

type closer struct{ done chan struct{} }

func (c *closer) Run(ctx context.Context, _ *os.Root) error {
	<-ctx.Done()
	close(c.done)
	return nil
}

type once struct{ sync.Once }

func (o *once) Run(ctx context.Context, _ *os.Root) error {
	o.Do(func() { <-ctx.Done() })
	return nil
}

type failsAgain struct{ gate gate.Gate }

func (f *failsAgain) Run(ctx context.Context, _ *os.Root) error {
	if _, err := f.gate.Enter(); err != nil {
		return errors.New("used")
	}
	<-ctx.Done()
	return nil
}

type takeover struct {
	mu   sync.Mutex
	stop context.CancelFunc
}

func (o *takeover) Run(ctx context.Context, _ *os.Root) error {
	ctx, stop := context.WithCancel(ctx)
	o.mu.Lock()
	if o.stop != nil {
		o.stop()
	}
	o.stop = stop
	o.mu.Unlock()
	<-ctx.Done()
	return nil
}

// mutual does not stop where another run is in.
type mutual struct{ in atomic.Int32 }

func (m *mutual) Run(ctx context.Context, _ *os.Root) error {
	if m.in.Add(1) == 2 {
		ctx = sandbox.From(ctx).Killed
	}
	defer m.in.Add(-1)
	<-ctx.Done()
	return nil
}

// readyFunc is an idle sidecar with this Ready.
type readyFunc func(context.Context) error

func (readyFunc) Run(ctx context.Context, _ *os.Root) error { <-ctx.Done(); return nil }

func (f readyFunc) Ready(ctx context.Context) error { return f(ctx) }

// gated is a sidecar that is ready at once.
type gated struct{ gate gate.Gate }

func (g *gated) Run(ctx context.Context, _ *os.Root) error {
	leave, err := g.gate.Enter()
	if err != nil {
		return err
	}
	defer leave()
	g.gate.Open()
	<-ctx.Done()
	return nil
}

type impatient struct{ gated }

func (i *impatient) Ready(ctx context.Context) error {
	now, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	return i.gate.Ready(now)
}

type deaf struct {
	gated
	over <-chan struct{}
}

func (d *deaf) Ready(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-d.over:
		case <-ctx.Done():
		}
	}()
	return d.gate.Ready(ctx)
}

type stale struct {
	once  sync.Once
	ready chan struct{}
}

func (s *stale) Run(ctx context.Context, _ *os.Root) error {
	s.once.Do(func() { close(s.ready) })
	<-ctx.Done()
	return nil
}

func (s *stale) Ready(ctx context.Context) error {
	select {
	case <-s.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
