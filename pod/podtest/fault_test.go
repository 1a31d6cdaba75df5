package podtest

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// kinds are containers of each kind that can be wrapped, which run until they are
// told, and what was called of them.
func kinds(called *atomic.Int64) map[pod.Kind]pod.Container {
	run := func(ctx context.Context) error {
		called.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}
	return map[pod.Kind]pod.Container{
		pod.KindSidecar: {Sidecar: sidecar.Func(func(ctx context.Context, root *os.Root) error { return run(ctx) })},
		pod.KindAmbassador: {Listen: "127.0.0.1:1", Ambassador: ambassador.Func(func(ctx context.Context, l net.Listener) error {
			defer l.Close()
			return run(ctx)
		})},
		pod.KindAdapter: {Listen: "127.0.0.1:1", Adapter: adapter.Func(func(ctx context.Context, root *os.Root, l net.Listener) error {
			defer l.Close()
			_, err := root.Stat(".")
			return errors.Join(err, run(ctx))
		})},
		pod.KindMain: {Run: func(ctx context.Context, env pod.Env) error { return run(ctx) }},
		pod.KindInit: {Init: true, Run: func(ctx context.Context, env pod.Env) error { return run(ctx) }},
	}
}

// inEachKind runs a pod of one container x with a fault, beside a main one, in a
// bubble.
func inEachKind(t *testing.T, fault func(pod.Container) pod.Container, script func(t *testing.T, r *Running, called *atomic.Int64)) {
	var called atomic.Int64
	for kind, c := range kinds(&called) {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.Name = "x"
				called.Store(0)
				p := &pod.Pod{Network: &Network{}, Containers: []pod.Container{fault(c), {Name: "main", Run: mainUntilTold}}}
				r := Run(t, p)
				require.Equal(t, kind, r.Container("x").Kind)
				script(t, r, &called)
				require.NoError(t, r.Stop())
			})
		})
	}
}

// ofX are the events of container x.
func ofX(r *Running) Trace {
	tr := r.Trace()
	var events []pod.Event
	for _, e := range tr.Events {
		if e.Container == "x" {
			events = append(events, e)
		}
	}
	tr.Events = events
	return tr
}

func TestCrash(t *testing.T) {
	fault := func(c pod.Container) pod.Container {
		c = Crash(c, 2, time.Minute, errBoom)
		return Crash(c, 1, 0, errors.New("at once"))
	}
	inEachKind(t, fault, func(t *testing.T, r *Running, called *atomic.Int64) {
		time.Sleep(time.Minute)
		require.Empty(t, ofX(r).Diff(`
			0s x Started
			0s x Error: exit code 1: at once
			0s x Started
			1m0s x Error: exit code 1: boom
			1m0s x BackOff`))
		require.EqualValues(t, 1, called.Load())
		time.Sleep(10 * time.Second)
		require.NotNil(t, r.Container("x").State.Running)
		require.EqualValues(t, 2, called.Load())
	})
}

func TestCrashEndsWhatDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := aPod()
		p.Containers[0].Sidecar = sidecar.Func(func(ctx context.Context, _ *os.Root) error {
			grace, cancel := sandbox.Grace(ctx)
			defer cancel()
			<-grace.Done()
			return grace.Err()
		})
		p.Containers[0] = Crash(p.Containers[0], 0, time.Second, errBoom)
		r := Run(t, p)
		require.Equal(t, time.Second, r.Await("helper", pod.ReasonError).Time.Sub(r.Trace().Began))
		require.Equal(t, 2, r.Await("helper", pod.ReasonStarted).Run)
		require.ErrorIs(t, r.Stop(), context.DeadlineExceeded, "of the last run, which was told to stop")
	})
}

func TestARunThatIsToldDoesNotCrash(t *testing.T) {
	inEachKind(t, func(c pod.Container) pod.Container { return Crash(c, 0, time.Second, errBoom) }, func(t *testing.T, r *Running, _ *atomic.Int64) {
		require.NoError(t, r.Stop())
		time.Sleep(time.Minute)
		require.Empty(t, ofX(r).Diff("0s x Started\n0s x Killing\n0s x Completed"))
	})
}

func TestACrashKeepsPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pod.Container{Name: "main", Run: func(context.Context, pod.Env) error { panic("boom") }}
		p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{Crash(c, 1, time.Minute, errBoom)}}
		var panicked *pod.PanicError
		require.ErrorAs(t, Run(t, p).Wait(), &panicked)
	})
}

func TestHang(t *testing.T) {
	inEachKind(t, func(c pod.Container) pod.Container { return Hang(c, 1, time.Hour) }, func(t *testing.T, r *Running, _ *atomic.Int64) {
		require.ErrorContains(t, r.pod.Restart("x"), "did not return within 30.5s")
		time.Sleep(time.Hour)
		require.Empty(t, ofX(r).Diff(`
			0s x Started
			0s x Killing
			30s x ExceededGracePeriod
			30.5s x Abandoned
			1h0m0s x Completed
			1h0m0s x Started`))
	})
}

func TestHangUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		p := aPod()
		p.Containers[0] = HangUntil(p.Containers[0], 2, released)
		r := Run(t, p)
		require.NoError(t, p.Restart("helper"))
		require.ErrorContains(t, p.Restart("helper"), "podtest.hangUntil")
		close(released)
		r.Await("helper", pod.ReasonAbandoned)
		require.Equal(t, 3, r.Await("helper", pod.ReasonStarted).Run)
		require.NoError(t, r.Stop())
	})
}

func TestDelay(t *testing.T) {
	inEachKind(t, func(c pod.Container) pod.Container { return Delay(c, 1, time.Hour) }, func(t *testing.T, r *Running, called *atomic.Int64) {
		require.NotNil(t, r.Container("x").State.Running)
		time.Sleep(time.Hour - 1)
		require.Zero(t, called.Load())
		time.Sleep(time.Nanosecond)
		settle()
		require.EqualValues(t, 1, called.Load())
		require.NoError(t, r.pod.Restart("x"))
		settle()
		require.EqualValues(t, 2, called.Load())
	})
	inEachKind(t, func(c pod.Container) pod.Container { return Delay(c, 0, time.Hour) }, func(t *testing.T, r *Running, called *atomic.Int64) {
		require.NoError(t, r.Stop())
		require.Zero(t, called.Load())
		require.Zero(t, time.Since(r.Trace().Began))
	})
}

// A block keeps its Ready, and gets none.
func TestFaultsKeepReady(t *testing.T) {
	var called atomic.Int64
	gate := readyBy(func(ctx context.Context) error { return errBoom })
	for kind, c := range kinds(&called) {
		var health Health
		for name, fault := range map[string]func(pod.Container) pod.Container{
			"Crash": func(c pod.Container) pod.Container { return Crash(c, 1, 0, nil) },
			"Hang":  func(c pod.Container) pod.Container { return Hang(c, 1, 0) },
			"Delay": func(c pod.Container) pod.Container { return Delay(c, 1, 0) },
		} {
			_, has := blockOf(fault(c)).(readier)
			require.False(t, has, "%s %s", name, kind)
			if c.Run == nil {
				ready, has := blockOf(FailReady(fault(withReady(c, gate)), &health)).(readier)
				require.True(t, has, "%s %s", name, kind)
				require.ErrorIs(t, ready.Ready(t.Context()), errBoom)
				ill := errors.New("ill")
				health.Set(ill)
				require.ErrorIs(t, ready.Ready(t.Context()), ill)
				health.Set(nil)
			}
		}
	}
}

func TestFailReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var health Health
		health.Set(errors.New("no space left"))
		p := slowPod(0)
		p.Containers[0] = FailReady(p.Containers[0], &health)
		r := Run(t, p)
		time.Sleep(time.Minute - time.Millisecond) // it is asked each second
		health.Set(nil)
		r.AwaitReady("helper")
		r.ExpectTrace(`
			0s helper Started
			0s helper Unhealthy: Ready failed: no space left
			1m0s helper Ready
			1m0s main Started`)
	})
}

func TestWhatCannotBeWrapped(t *testing.T) {
	command := pod.Container{Name: "nginx", Command: []string{"nginx"}}
	const why = `container "nginx" is a Command: what a process of its own does can't be changed`
	require.PanicsWithValue(t, "podtest.Crash: "+why, func() { Crash(command, 1, 0, nil) })
	require.PanicsWithValue(t, "podtest.Hang: "+why, func() { Hang(command, 1, 0) })
	require.PanicsWithValue(t, "podtest.HangUntil: "+why, func() { HangUntil(command, 1, nil) })
	require.PanicsWithValue(t, "podtest.Delay: "+why, func() { Delay(command, 1, 0) })
	require.PanicsWithValue(t, `podtest.Crash: container "x" has nothing that runs`, func() { Crash(pod.Container{Name: "x"}, 1, 0, nil) })
	require.PanicsWithValue(t, `podtest.FailReady: container "nginx" has no Ready`, func() { FailReady(command, new(Health)) })
}
