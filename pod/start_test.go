package pod_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestK7_InitContainersAndHelpersStartInListOrderThenTheMains(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main-1", Run: mainUntil},
		{Name: "init-1", Init: true, Run: after(time.Second, nil)},
		{Name: "helper-1", Sidecar: &gated{Func: until, after: 2 * time.Second}},
		{Name: "init-2", Init: true, Run: after(time.Second, nil)},
		{Name: "helper-2", Sidecar: sidecar.Func(until)},
		{Name: "main-2", Run: asMain(lingering(time.Second))},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`
			0s init-1 Started
			1s init-1 Completed
			1s helper-1 Started
			3s helper-1 Ready
			3s init-2 Started
			4s init-2 Completed
			4s helper-2 Started
			4s main-1 Started
			4s main-2 Started`)
		require.NoError(t, b.stop())
		b.expect(`
			1m0s pod Killing
			1m0s main-1 Killing
			1m0s main-2 Killing
			1m0s main-1 Completed
			1m1s main-2 Completed
			1m1s helper-2 Killing
			1m1s helper-2 Completed
			1m1s helper-1 Killing
			1m1s helper-1 Completed`)
	})
}

func TestK8_AnInitContainerHoldsUpWhatFollowsUntilItExitsWith0(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Always, Containers: []pod.Container{
		{Name: "init", Init: true, Run: asMain(scripted(errBoom, errBoom, nil))},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`
			0s init Started
			0s init Error
			0s init Started
			0s init Error
			0s init BackOff
			10s init Started
			10s init Completed
			10s main Started`)
	})
}

func TestK9_AHelperThatFailsLaterHoldsNothingBack(t *testing.T) {
	starts := 0
	crash := func(ctx context.Context, env pod.Env) error {
		if starts++; starts == 1 {
			return after(500*time.Millisecond, errBoom)(ctx, env)
		}
		return after(time.Millisecond, errBoom)(ctx, env)
	}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error { return crash(ctx, pod.Env{}) })},
		{Name: "init", Init: true, Run: after(time.Second, nil)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(2 * time.Second)
		b.expect(`
			0s helper Started
			0s init Started
			500ms helper Error
			500ms helper Started
			501ms helper Error
			501ms helper BackOff
			1s init Completed
			1s main Started`)
	})
}

func TestK10_AnInitContainerIsNotLookedAtAgain(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "init", Init: true, Run: after(time.Second, nil)},
		{Name: "main", Run: after(time.Hour, nil)},
	}}, func(t *testing.T, b *running) {
		time.Sleep(150 * time.Minute)
		b.expect(`
			0s init Started
			1s init Completed
			1s main Started
			1h0m1s main Completed
			1h0m1s main Started
			2h0m1s main Completed
			2h0m1s main Started`)
		require.ErrorContains(t, b.pod.Restart("init"), "K3")
	})
}

func TestK11_AMainThatCannotStartHoldsNobodyUp(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main-1", Run: after(time.Millisecond, errBoom)},
		{Name: "main-2", Run: after(time.Second, nil)},
	}}, func(t *testing.T, b *running) {
		var failed *pod.ContainerError
		err := b.wait()
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "main-1", failed.Container)
		require.ErrorIs(t, err, errBoom)
		b.expect(`
			0s main-1 Started
			0s main-2 Started
			1ms main-1 Error
			1s main-2 Completed
			1s pod Killing`)
		require.Equal(t, pod.Failed, b.pod.Status().Phase)
	})
}

func TestK2_AHelperIsRestartedAfterAnyExitWhateverThePolicy(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(pausing(time.Millisecond, scripted(nil, errBoom)))},
		{Name: "main", Run: after(time.Minute, nil)},
	}}, func(t *testing.T, b *running) {
		require.NoError(t, b.wait())
		b.expect(`
			0s helper Started
			0s main Started
			1ms helper Completed
			1ms helper Started
			1ms helper Error
			1ms helper BackOff
			10.001s helper Started
			1m0s main Completed
			1m0s pod Killing
			1m0s helper Killing
			1m0s helper Completed`)
	})
}

func TestK3_AFailedInitContainerWithPolicyNeverEndsThePod(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(until)},
		{Name: "init", Init: true, Run: after(time.Second, errBoom)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		err := b.wait()
		require.ErrorIs(t, err, errBoom)
		require.ErrorContains(t, err, `container "init"`)
		b.expect(`
			0s helper Started
			0s init Started
			1s init Error
			1s pod Killing
			1s helper Killing
			1s helper Completed`)
		require.Equal(t, pod.Failed, b.pod.Status().Phase)
	})
}

func TestABlockWhoseReadyFailsIsAskedAgain(t *testing.T) {
	block := &unready{fails: 3}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: block},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`
			0s helper Started
			0s helper Unhealthy
			2s helper Unhealthy
			3s helper Ready
			3s main Started`)
	})
}

// unready fails and panics before it is ready.
type unready struct{ fails int }

func (u *unready) Run(ctx context.Context, _ *os.Root) error { return until(ctx, nil) }

func (u *unready) Ready(context.Context) error {
	u.fails--
	switch {
	case u.fails > 0:
		return errors.New("not yet")
	case u.fails == 0:
		panic("not yet either")
	}
	return nil
}

// A Ready that does not listen to its context is left behind, and not called again
// meanwhile.
func TestAReadyThatHangsHoldsUpNoStop(t *testing.T) {
	calls := 0
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: &asked{until, func(context.Context) error { calls++; time.Sleep(time.Hour); return nil }}},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`0s helper Started`)
		told := time.Now()
		require.NoError(t, b.stop())
		require.Less(t, time.Since(told), 100*time.Millisecond)
		require.Equal(t, 1, calls)
		time.Sleep(time.Hour) // it returns
	})
}

func TestAReadyThatDoesNotReturnIsAskedAgain(t *testing.T) {
	calls := 0
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: &asked{until, func(context.Context) error {
			switch calls++; calls {
			case 1:
				panic("boom")
			case 2:
				runtime.Goexit()
			}
			return nil
		}}},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(5 * time.Second)
		b.expect(`
			0s helper Started
			0s helper Unhealthy
			1s helper Unhealthy
			2s helper Ready
			2s main Started`)
		require.NoError(t, b.stop())
	})
}

// asked is a sidecar whose Ready is a function.
type asked struct {
	sidecar.Func
	ready func(context.Context) error
}

func (a *asked) Ready(ctx context.Context) error { return a.ready(ctx) }
