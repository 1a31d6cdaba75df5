package pod_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestK4_AContainersOwnPolicyOverridesThePods(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "always", RestartPolicy: pod.Always, Run: asMain(scripted(nil))},
		{Name: "once", Run: after(time.Second, nil)},
		{Name: "init", Init: true, RestartPolicy: pod.OnFailure, Run: asMain(scripted(errBoom, nil))},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		require.Equal(t, 1, b.status("always").RestartCount)
		require.Zero(t, b.status("once").RestartCount)
		require.Equal(t, 1, b.status("init").RestartCount)
		b.trace.take()
	})
}

func TestK6_ThereIsNoMaximumOfRestarts(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{{Name: "main", Run: after(0, errBoom)}}}, func(t *testing.T, b *running) {
		time.Sleep(24 * time.Hour)
		require.Greater(t, b.status("main").RestartCount, 280)
		require.ErrorIs(t, b.stop(), errBoom)
	})
}

func TestK38_EventsHaveKubernetesReasons(t *testing.T) {
	seen := map[string]string{}
	p := &pod.Pod{
		TerminationGracePeriod: 2 * time.Second,
		Observer:               func(e pod.Event) { seen[e.Reason] = e.Type },
		Containers: []pod.Container{
			{Name: "flaky", Sidecar: sidecar.Func(scripted(errBoom, errBoom))},
			{Name: "missing", Command: []string{"no-such-program"}},
			{Name: "hooks", Run: asMain(lingering(time.Hour)), PostStart: hook(time.Minute, errBoom), PreStop: hook(0, errBoom),
				Readiness: &pod.Probe{Handler: hook(0, errBoom)}},
			{Name: "unready", Run: mainUntil, Readiness: &pod.Probe{Handler: hook(0, errBoom)}},
		},
	}
	bubble(t, p, func(t *testing.T, b *running) {
		time.Sleep(5 * time.Minute)
		b.stop()
		for reason, kind := range map[string]string{
			"Started": "Normal", "Killing": "Normal", "BackOff": "Warning", "Failed": "Warning", "Unhealthy": "Warning",
			"FailedPostStartHook": "Warning", "FailedPreStopHook": "Warning", "ExceededGracePeriod": "Warning",
		} {
			require.Equal(t, kind, seen[reason], reason)
		}
	})
}

func TestK41_TheRestartCountSurvives(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{{Name: "main", Run: asMain(scripted(errBoom, nil, errBoom))}}}, func(t *testing.T, b *running) {
		time.Sleep(time.Hour)
		require.Equal(t, 3, b.status("main").RestartCount)
		b.stop()
		require.Equal(t, 3, b.status("main").RestartCount)
	})
}

func TestK43_EachContainerHasItsOwnBackOffWithoutJitter(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "a", Run: asMain(scripted(errBoom, errBoom, errBoom, errBoom))},
		{Name: "b", Run: asMain(pausing(15*time.Second, scripted(errBoom, errBoom, errBoom, errBoom)))},
	}}, func(t *testing.T, b *running) {
		at := map[string][]time.Duration{}
		for range 200 {
			synctest.Wait()
			for _, c := range b.pod.Status().Containers {
				for len(at[c.Name]) < c.RestartCount {
					at[c.Name] = append(at[c.Name], time.Since(b.trace.began))
				}
			}
			time.Sleep(time.Second)
		}
		require.Equal(t, seconds(0, 10, 30, 70), at["a"])
		require.Equal(t, seconds(15, 25, 45, 85), at["b"])
		b.trace.take()
	})
}

func TestK49_AJobIsDoneWhenItsMainsAre(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.OnFailure, Containers: []pod.Container{
		{Name: "helper-1", Sidecar: sidecar.Func(until)},
		{Name: "helper-2", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error { <-ctx.Done(); return errBoom })},
		{Name: "job", Run: asMain(firstly(time.Minute, errBoom))},
		{Name: "other", Run: after(2*time.Minute, nil)},
	}}, func(t *testing.T, b *running) {
		time.Sleep(90 * time.Second)
		require.Equal(t, pod.Running, b.pod.Status().Phase)
		require.Equal(t, 1, b.status("job").RestartCount)
		require.ErrorContains(t, b.stop(), `container "helper-2"`, "which is told of")
		require.Equal(t, pod.Succeeded, b.pod.Status().Phase, "but does not count (K24)")
		require.Zero(t, b.status("other").State.Terminated.ExitCode)
	})
}

func TestK24_AHelpersExitCodeDoesNotInfluenceThePhase(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error { <-ctx.Done(); return errBoom })},
		{Name: "main", Run: after(time.Second, nil)},
	}}, func(t *testing.T, b *running) {
		require.ErrorIs(t, b.wait(), errBoom)
		require.Equal(t, pod.Succeeded, b.pod.Status().Phase)
	})
}
