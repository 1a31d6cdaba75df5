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

func TestRestartByHand(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(lingering(3 * time.Second))},
		{Name: "flaky", Sidecar: sidecar.Func(pausing(time.Millisecond, scripted(errBoom, errBoom)))},
		{Name: "done", Run: asMain(firstly(2*time.Millisecond, nil))},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(2 * time.Millisecond)
		b.expect(`
			0s helper Started
			0s flaky Started
			0s done Started
			0s main Started
			1ms flaky Error
			1ms flaky Started
			1ms flaky Error
			1ms flaky BackOff
			2ms done Completed`)
		require.NoError(t, b.pod.Restart("helper"))
		b.expect(`
			2ms helper Killing
			3.002s helper Completed
			3.002s helper Started`)
		require.NoError(t, b.pod.Restart("flaky"))
		b.expect(`3.002s flaky Started`)
		require.NoError(t, b.pod.Restart("done"))
		b.expect(`3.002s done Started`)
		require.NoError(t, b.pod.Restart("main"))
		b.expect(`
			3.002s main Killing
			3.002s main Completed
			3.002s main Started`)
		require.ErrorContains(t, b.pod.Restart("nobody"), `"nobody": no container has this name`)

		b.cancel()
		require.ErrorContains(t, b.pod.Restart("helper"), "being stopped")
		require.NoError(t, b.wait())
		require.ErrorContains(t, b.pod.Restart("helper"), "does not run")
	})
}

func TestRestartsAtOnceAreOne(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(lingering(time.Second))},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		answers := make(chan error, 3)
		for range 3 {
			go func() { answers <- b.pod.Restart("helper") }()
		}
		for range 3 {
			require.NoError(t, <-answers)
		}
		require.Equal(t, 1, b.pod.Status().Containers[0].RestartCount)
	})
}

func TestARunIsNeverStartedBesideAnAbandonedOne(t *testing.T) {
	at, most := 0, 0
	bubble(t, &pod.Pod{TerminationGracePeriod: 5 * time.Second, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error {
			at++
			defer func() { at-- }()
			most = max(most, at)
			time.Sleep(time.Minute)
			<-ctx.Done()
			return nil
		})},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper Started
			0s main Started`)
		err := b.pod.Restart("helper")
		var abandoned *pod.AbandonedError
		require.ErrorAs(t, err, &abandoned)
		require.Equal(t, 5500*time.Millisecond, abandoned.After)
		require.Contains(t, abandoned.Stacks, "TestARunIsNeverStartedBesideAnAbandonedOne")
		require.ErrorContains(t, b.pod.Restart("helper"), "has not returned")
		require.Equal(t, pod.ReasonAbandoned, b.pod.Status().Containers[0].State.Terminated.Reason)
		time.Sleep(time.Minute)
		b.expect(`
			0s helper Killing
			5s helper ExceededGracePeriod
			5.5s helper Abandoned
			1m0s helper Completed
			1m0s helper Started`)
		require.Equal(t, 1, most)
		time.Sleep(time.Minute)
		require.NoError(t, b.stop())
	})
}
