package pod_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestK1_RestartPolicies(t *testing.T) {
	for _, test := range []struct {
		policy   pod.RestartPolicy
		result   error
		restarts bool
	}{
		{"", nil, true}, {"", errBoom, true},
		{pod.Always, nil, true}, {pod.Always, errBoom, true},
		{pod.OnFailure, nil, false}, {pod.OnFailure, errBoom, true},
		{pod.Never, nil, false}, {pod.Never, errBoom, false},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			for _, containers := range [][2]pod.RestartPolicy{{test.policy, ""}, {pod.Never, test.policy}} {
				if containers[1] == "" && containers[0] == pod.Never && test.policy != pod.Never {
					continue // the container's own policy is only tried where there is one
				}
				bubble(t, &pod.Pod{RestartPolicy: containers[0], Containers: []pod.Container{
					{Name: "main", RestartPolicy: containers[1], Run: asMain(scripted(test.result))},
					{Name: "other", RestartPolicy: pod.Never, Run: after(time.Minute, nil)},
				}}, func(t *testing.T, b *running) {
					time.Sleep(time.Second)
					main := b.pod.Status().Containers[0]
					if test.restarts {
						require.NotNil(t, main.State.Running)
						require.Equal(t, 1, main.RestartCount)
						require.NotNil(t, main.LastState.Terminated)
					} else {
						require.NotNil(t, main.State.Terminated)
						require.Zero(t, main.RestartCount)
					}
					err := b.stop()
					if test.restarts || test.result == nil {
						require.NoError(t, err)
					} else {
						require.ErrorIs(t, err, errBoom)
					}
				})
			}
		})
	}
}

func TestK44_TheFirstRestartIsAtOnceThenTheWaitDoublesTo300Seconds(t *testing.T) {
	began := time.Now()
	var starts []time.Duration
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: func() func(context.Context, pod.Env) error {
			var first time.Time
			return func(ctx context.Context, _ pod.Env) error {
				if first.IsZero() {
					first = time.Now()
				}
				starts = append(starts, time.Since(first))
				time.Sleep(time.Second) // the wait counts from the finish
				return errBoom
			}
		}()},
	}}, func(t *testing.T, b *running) {
		time.Sleep(3 * time.Hour)
		b.trace.take()
	})
	require.Less(t, time.Since(began), 2*time.Second, "virtual hours take no time")
	var waits []time.Duration
	for i := 1; i < len(starts); i++ {
		waits = append(waits, (starts[i] - starts[i-1] - time.Second))
	}
	s := time.Second
	require.Greater(t, len(waits), 20)
	require.Equal(t, []time.Duration{0, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 300 * s, 300 * s}, waits[:8])
	for _, wait := range waits[8:] {
		require.Equal(t, 300*s, wait)
	}
}

func TestK45_ARunOfMoreThan10MinutesBeginsTheBackOffAnew(t *testing.T) {
	runs := []time.Duration{0, 0, 0, 10 * time.Minute, 10*time.Minute + time.Second, 0}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: func(ctx context.Context, env pod.Env) error {
			if len(runs) == 0 {
				return mainUntil(ctx, env)
			}
			run := runs[0]
			runs = runs[1:]
			return after(run, errBoom)(ctx, env)
		}},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Hour)
		b.expect(`
			0s main Started
			0s main Error
			0s main Started
			0s main Error
			0s main BackOff
			10s main Started
			10s main Error
			10s main BackOff
			30s main Started
			10m30s main Error
			10m30s main BackOff
			11m10s main Started
			21m11s main Error
			21m11s main Started
			21m11s main Error
			21m11s main BackOff
			21m21s main Started`)
	})
}

func TestK46_Exit0UnderAlwaysCountsLikeACrash(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: asMain(scripted(nil, nil))},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`
			0s main Started
			0s main Completed
			0s main Started
			0s main Completed
			0s main BackOff
			10s main Started`)
	})
}

func TestK47_TheBackOffIsTheSameForEveryKind(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "init", Init: true, Run: asMain(scripted(errBoom, errBoom, errBoom, nil))},
		{Name: "helper", Sidecar: sidecar.Func(scripted(errBoom, errBoom, errBoom))},
		{Name: "main", Run: asMain(scripted(errBoom, errBoom, errBoom))},
	}}, func(t *testing.T, b *running) {
		starts := map[string][]time.Duration{}
		for range 120 {
			synctest.Wait()
			for _, c := range b.pod.Status().Containers {
				if c.RestartCount > len(starts[c.Name]) {
					starts[c.Name] = append(starts[c.Name], time.Since(b.trace.began))
				}
			}
			time.Sleep(time.Second)
		}
		b.trace.take()
		s := time.Second
		require.Equal(t, []time.Duration{0, 10 * s, 30 * s}, starts["init"])
		require.Equal(t, []time.Duration{30 * s, 40 * s, 60 * s}, starts["helper"])
		require.Equal(t, []time.Duration{30 * s, 40 * s, 60 * s}, starts["main"])
	})
}

func TestK48_ABackOffOrASlowStopHoldsNobodyElseUp(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "flaky", Sidecar: sidecar.Func(scripted(errBoom, errBoom, errBoom))},
		{Name: "slow", Sidecar: sidecar.Func(lingering(20 * time.Second))},
		{Name: "main", Run: asMain(scripted(nil, nil, nil))},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		b.trace.take()
		require.NoError(t, b.pod.Restart("slow"))
		synctest.Wait()
		trace := b.trace.take()
		require.Equal(t, "1s slow Killing", trace[0])
		require.Contains(t, trace, "10s flaky Started")
		require.Contains(t, trace, "10s main Started")
		require.Equal(t, "21s slow Started", trace[len(trace)-1])
	})
}
