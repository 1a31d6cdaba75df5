package podtest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Crash returns c with a run that ends by itself, with err, so long after it has
// begun: run is its number, counted from 1 and from the first run of what is
// returned here on, or 0 for each.
// What c runs is killed then: its ctx and its grace period end at once, and
// whatever it returns is not looked at. With after 0 it is not called at all. A
// run that ends sooner, or is told to, ends as it would.
//
// It panics, as Hang, HangUntil and Delay do, where c is a Command.
func Crash(c pod.Container, run int, after time.Duration, err error) pod.Container {
	return wrap("Crash", c, func(ctx context.Context, number int, next func(context.Context) error) error {
		if run != 0 && run != number {
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
	return hang("Hang", c, run, func() { hangFor(d) })
}

// HangUntil is Hang until released is closed. In a bubble of testing/synctest the
// channel must be one of the bubble.
func HangUntil(c pod.Container, run int, released <-chan struct{}) pod.Container {
	return hang("HangUntil", c, run, func() { hangUntil(released) })
}

// By these names a report of what hangs tells that it was meant to.
func hangFor(d time.Duration)            { time.Sleep(d) }
func hangUntil(released <-chan struct{}) { <-released }

func hang(fault string, c pod.Container, run int, wait func()) pod.Container {
	return wrap(fault, c, func(ctx context.Context, number int, next func(context.Context) error) error {
		err := next(ctx)
		if (run == 0 || run == number) && ctx.Err() != nil {
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
	return wrap("Delay", c, func(ctx context.Context, number int, next func(context.Context) error) error {
		if (run == 0 || run == number) && d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return next(ctx)
	})
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
