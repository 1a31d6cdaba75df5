package pod_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// hook takes so long, unless its context ends before.
func hook(d time.Duration, err error) pod.HandlerFunc {
	return func(ctx context.Context) error {
		return after(d, err)(ctx, pod.Env{})
	}
}

// deaf is a hook that does not listen to its context.
func deaf(d time.Duration) pod.HandlerFunc {
	return func(context.Context) error { time.Sleep(d); return nil }
}

func TestK12_PostStartRunsBesideTheRunAndHoldsUpWhatFollows(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(until), PostStart: hook(5*time.Second, nil)},
		{Name: "main-1", Run: mainUntil, PostStart: hook(5*time.Second, nil)},
		{Name: "main-2", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(2 * time.Second)
		require.NotNil(t, b.status("helper").State.Running)
		require.False(t, b.status("helper").Started || b.status("helper").Ready)
		time.Sleep(time.Minute)
		b.expect(`
			0s helper Started
			5s helper Ready
			5s main-1 Started
			10s main-1 Ready
			10s main-2 Started`)
		require.Equal(t, 5*time.Second, b.status("helper").StartDuration)
	})
}

func TestK12_AFailedPostStartStopsTheRun(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "web", Run: asMain(lingering(time.Second)), PostStart: hook(time.Second, errBoom), PreStop: hook(time.Second, nil)},
	}}, func(t *testing.T, b *running) {
		time.Sleep(7 * time.Second)
		require.Equal(t, "PostStartHookError", b.status("web").State.Waiting.Reason)
		require.Equal(t, "PostStart hook failed: boom", b.status("web").LastState.Terminated.Message)
		require.Equal(t, 2*time.Second, b.status("web").StopDuration)
		b.expect(`
			0s web Started
			1s web FailedPostStartHook
			1s web Killing
			3s web Error
			3s web Started
			4s web FailedPostStartHook
			4s web Killing
			6s web Error
			6s web BackOff`)
		require.ErrorIs(t, b.stop(), errBoom)
	})
}

func TestK15_PreStopRunsFirstAndItsTimeIsSubtracted(t *testing.T) {
	told := time.Time{}
	bubble(t, &pod.Pod{TerminationGracePeriod: 10 * time.Second, Containers: []pod.Container{
		{Name: "web", PreStop: hook(4*time.Second, nil), Run: func(ctx context.Context, env pod.Env) error {
			<-ctx.Done()
			told = time.Now()
			return lingering(time.Minute)(ctx, env.Root)
		}},
	}}, func(t *testing.T, b *running) {
		b.expect(`0s web Started`)
		require.Error(t, b.stop())
		require.Equal(t, 4*time.Second, told.Sub(b.trace.began))
		b.expect(`
			0s pod Killing
			0s web Killing
			10s web ExceededGracePeriod
			10s web Error`)
	})
}

func TestK18_AHelpersPreStopRunsWhenThePodsStopBegins(t *testing.T) {
	var at []time.Duration
	began := time.Time{}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(until), PreStop: pod.HandlerFunc(func(context.Context) error {
			at = append(at, time.Since(began))
			return nil
		})},
		{Name: "main", Run: asMain(lingering(10 * time.Second))},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper Started
			0s main Started`)
		began = time.Now()
		require.NoError(t, b.stop())
		b.expect(`
			0s pod Killing
			0s helper Killing
			0s main Killing
			10s main Completed
			10s helper Completed`)
		require.Equal(t, []time.Duration{0}, at, "once, at the beginning")
	})
}

func TestK18_ATurnWaitsForTheHelpersPreStop(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper-1", Sidecar: sidecar.Func(until)},
		{Name: "helper-2", Sidecar: sidecar.Func(until), PreStop: hook(10*time.Second, nil)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		b.trace.take()
		require.NoError(t, b.stop())
		b.expect(`
			0s pod Killing
			0s helper-2 Killing
			0s main Killing
			0s main Completed
			10s helper-2 Completed
			10s helper-1 Killing
			10s helper-1 Completed`)
	})
}

func TestK20_PreStop(t *testing.T) {
	for _, test := range []struct {
		name  string
		web   pod.Container
		trace string
	}{
		{"does not run when the container has exited", pod.Container{
			Run: after(time.Second, nil), RestartPolicy: pod.Never, PreStop: hook(time.Second, errBoom),
		}, `
			0s web Started
			1s web Completed
			5s pod Killing`},
		{"that fails is an event and no more", pod.Container{Run: mainUntil, PreStop: hook(time.Second, errBoom)}, `
			0s web Started
			5s pod Killing
			5s web Killing
			6s web FailedPreStopHook
			6s web Completed`},
		{"that overruns is left behind, and 2 s are left", pod.Container{Run: asMain(lingering(time.Minute)), PreStop: deaf(time.Minute)}, `
			0s web Started
			5s pod Killing
			5s web Killing
			15.05s web FailedPreStopHook
			16.5s web ExceededGracePeriod
			16.5s web Error`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.web.Name = "web"
			bubble(t, &pod.Pod{TerminationGracePeriod: 10 * time.Second, Containers: []pod.Container{
				test.web, {Name: "other", Run: mainUntil},
			}}, func(t *testing.T, b *running) {
				time.Sleep(5 * time.Second)
				b.stop()
				synctest.Wait()
				var web []string
				for _, line := range b.trace.take() {
					if !strings.Contains(line, " other ") {
						web = append(web, line)
					}
				}
				require.Equal(t, lines(test.trace), web)
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestPreStopRunsBeforeARestartByHand(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "web", Run: mainUntil, PreStop: hook(3*time.Second, nil)},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.NoError(t, b.pod.Restart("web"))
		b.expect(`
			0s web Started
			0s web Killing
			3s web Completed
			3s web Started`)
	})
}

func TestK23_AHelpersPreStopRunsAgainForANewRun(t *testing.T) {
	hooks := 0
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(pausing(5*time.Second, scripted(errBoom))), PreStop: pod.HandlerFunc(func(context.Context) error {
			hooks++
			return nil
		})},
		{Name: "main", Run: asMain(lingering(10 * time.Second))},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.NoError(t, b.stop())
		require.Equal(t, 2, hooks)
		b.trace.take()
	})
}

func TestK40_TheActiveDeadline(t *testing.T) {
	bubble(t, &pod.Pod{ActiveDeadline: time.Minute, Containers: []pod.Container{
		{Name: "init", Init: true, Run: after(50*time.Second, nil)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		err := b.wait()
		require.ErrorIs(t, err, pod.ErrActiveDeadline)
		status := b.pod.Status()
		require.Equal(t, pod.Failed, status.Phase)
		require.Equal(t, "DeadlineExceeded", status.Reason)
		require.Contains(t, status.String(), "DeadlineExceeded")
		b.expect(`
			0s init Started
			50s init Completed
			50s main Started
			1m0s pod Killing
			1m0s main Killing
			1m0s main Completed`)
	})
}

func TestK42_InitContainersHaveNoHooksAndProbes(t *testing.T) {
	h := hook(0, nil)
	for field, c := range map[string]pod.Container{
		"Startup":   {Startup: &pod.Probe{Handler: h}},
		"Readiness": {Readiness: &pod.Probe{Handler: h}},
		"Liveness":  {Liveness: &pod.Probe{Handler: h}},
		"PostStart": {PostStart: h},
		"PreStop":   {PreStop: h},
	} {
		c.Name, c.Init, c.Run = "init", true, mainUntil
		err := (&pod.Pod{Containers: []pod.Container{c, {Name: "main", Run: mainUntil}}}).Run(t.Context())
		var found *pod.FieldError
		require.ErrorAs(t, err, &found)
		require.Equal(t, "Containers[0]."+field, found.Field)
		require.ErrorContains(t, err, "K42")
	}
}
