package podtest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Crash returns c with a run that ends by itself, with err, so long after it has
// begun: run is its number, counted from 1 and from this call on, or 0 for each.
// What c runs is killed then: its ctx and its grace period end at once, and
// whatever it returns is not looked at. With after 0 it is not called at all. A
// run that ends sooner, or is told to, ends as it would.
//
// It panics, as Hang, HangUntil and Delay do, where c is a Command.
func Crash(c pod.Container, run int, after time.Duration, err error) pod.Container {
	var chosen nth
	return wrap("Crash", c, func(ctx context.Context, next func(context.Context) error) error {
		if !chosen.is(run) {
			return next(ctx)
		}
		if after <= 0 {
			return err
		}
		doomed, kill := killable(ctx)
		defer kill()
		var crashed atomic.Bool
		timer := time.AfterFunc(after, func() {
			crashed.Store(true)
			kill()
		})
		defer timer.Stop()
		defer context.AfterFunc(ctx, func() { timer.Stop() })()
		e := next(doomed)
		if crashed.Load() {
			return err
		}
		return e
	})
}

// Hang returns c with a run that does not return when it is told to, nor when it
// is killed, until d has passed since it was told: what c runs ends as it would,
// and the run does not. run is its number, as for Crash.
func Hang(c pod.Container, run int, d time.Duration) pod.Container {
	return hang("Hang", c, run, func() { <-time.After(d) })
}

// HangUntil is Hang until released is closed. In a bubble of testing/synctest the
// channel must be one of the bubble.
func HangUntil(c pod.Container, run int, released <-chan struct{}) pod.Container {
	return hang("HangUntil", c, run, func() { <-released })
}

func hang(fault string, c pod.Container, run int, wait func()) pod.Container {
	var chosen nth
	return wrap(fault, c, func(ctx context.Context, next func(context.Context) error) error {
		hangs := chosen.is(run)
		err := next(ctx)
		if hangs && ctx.Err() != nil {
			wait()
		}
		return err
	})
}

// Delay returns c with a run of which what c runs begins d later. Until then the
// pod sees the container run, what connects to it waits, and a block that has Ready
// is not ready; one without holds back nothing that follows it. run is its number,
// as for Crash.
func Delay(c pod.Container, run int, d time.Duration) pod.Container {
	var chosen nth
	return wrap("Delay", c, func(ctx context.Context, next func(context.Context) error) error {
		if chosen.is(run) {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return next(ctx)
	})
}

// nth counts runs.
type nth struct{ runs atomic.Int64 }

// is counts a run, and says whether it is this one.
func (n *nth) is(run int) bool {
	number := n.runs.Add(1)
	return run == 0 || number == int64(run)
}

// killable returns a context that can be ended with its grace period.
func killable(ctx context.Context) (context.Context, context.CancelFunc) {
	around := sandbox.Sandbox{}
	if s := sandbox.From(ctx); s != nil {
		around = *s
	}
	if around.Killed == nil {
		around.Killed = context.Background()
	}
	var kill context.CancelFunc
	around.Killed, kill = context.WithCancel(around.Killed)
	ctx, cancel := context.WithCancel(around.Context(ctx))
	return ctx, func() { kill(); cancel() }
}
