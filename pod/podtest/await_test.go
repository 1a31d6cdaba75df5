package podtest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// readyAfter is a sidecar that is ready after so long.
type readyAfter struct {
	sidecar.Func
	after time.Duration
}

func (r readyAfter) Ready(ctx context.Context) error {
	select {
	case <-time.After(r.after):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func slowPod(after time.Duration) *pod.Pod {
	p := aPod()
	p.Containers[0].Sidecar = readyAfter{untilTold, after}
	return p
}

func TestAwait(t *testing.T) {
	both(t, func(t *testing.T) {
		p := slowPod(5 * time.Millisecond)
		r := Run(t, p)
		require.False(t, r.Container("helper").Ready)
		require.True(t, r.AwaitReady("helper").Started)
		r.AwaitReady("main")
		r.AwaitPhase(pod.Running)
		require.Equal(t, 1, r.Await("helper", pod.ReasonReady).Run)
		require.NoError(t, p.Restart("helper"))
		require.NoError(t, p.Restart("main"))
		require.Equal(t, 2, r.Await("helper", pod.ReasonReady).Run, "each is seen once")
		require.Equal(t, 1, r.Await("main", pod.ReasonStarted).Run, "and by container")
		require.Equal(t, 2, r.Await("main", pod.ReasonStarted).Run)
		require.NoError(t, r.Stop())
		require.Equal(t, "stopping pod: it was told to", r.Await("", pod.ReasonKilling).Message)
		r.AwaitPhase(pod.Succeeded)
	})
}

func TestAwaitIsExactInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := Run(t, slowPod(90*time.Second))
		r.AwaitReady("helper")
		require.Equal(t, 90*time.Second, time.Since(began))
	})
}

func TestAwaitShowsTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, await := range map[string]func(*Running){
			"event Ready of container \"helper\"": func(r *Running) { r.Await("helper", pod.ReasonReady) },
			"readiness of container \"helper\"":   func(r *Running) { r.AwaitReady("helper") },
			"phase Running of the pod":            func(r *Running) { r.AwaitPhase(pod.Running) },
		} {
			began := time.Now()
			failures := record(t, func(t testing.TB) {
				r := Run(t, slowPod(time.Hour))
				r.Patience = time.Minute
				await(r)
			})
			require.Equal(t, time.Minute, time.Since(began))
			require.Len(t, failures, 1)
			require.Contains(t, failures[0], "podtest: no "+what+" within 1m0s\nName:               two\nStatus:             Pending\n")
			require.Contains(t, failures[0], "\nTrace:\n0s helper Started: container started\n")
		}
	})
}

func TestAwaitFailsWhenThePodEnds(t *testing.T) {
	both(t, func(t *testing.T) {
		failures := record(t, func(t testing.TB) {
			p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "main", Run: fails}}}
			Run(t, p).Await("main", pod.ReasonReady)
		})
		require.Len(t, failures, 1, "the error is told once")
		require.Contains(t, failures[0], "the pod has ended, with the error pod \"pod\": container \"main\": Error (exit code 1): boom\n")
		require.Contains(t, failures[0], "main Error: exit code 1: boom\n")
	})
}

func TestAwaitKnowsTheContainers(t *testing.T) {
	failures := record(t, func(t testing.TB) { Run(t, aPod()).Await("mian", pod.ReasonStarted) })
	require.Equal(t, []string{`podtest: the pod has no container "mian"`}, failures)
}
