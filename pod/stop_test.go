package pod_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestK13_ThePodStopsWhenNoMainIsToRunAgain(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.OnFailure, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(until)},
		{Name: "main-1", Run: after(time.Second, nil)},
		{Name: "main-2", Run: asMain(scripted(errBoom, errBoom, nil))},
	}}, func(t *testing.T, b *running) {
		require.NoError(t, b.wait())
		b.expect(`
			0s helper Started
			0s main-1 Started
			0s main-2 Started
			0s main-2 Error
			0s main-2 Started
			0s main-2 Error
			0s main-2 BackOff
			1s main-1 Completed
			10s main-2 Started
			10s main-2 Completed
			10s pod Killing
			10s helper Killing
			10s helper Completed`)
		require.Equal(t, pod.Succeeded, b.pod.Status().Phase)
	})
}

func TestK14_TheGraceIs30SecondsByDefault(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: asMain(lingering(time.Minute))},
	}}, func(t *testing.T, b *running) {
		b.expect(`0s main Started`)
		err := b.stop()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		b.expect(`
			0s pod Killing
			0s main Killing
			30s main ExceededGracePeriod
			30s main Error`)
	})
}

func TestK15_WhatWaitsForItsTurnHasWhatIsLeftAndAtLeast2Seconds(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: 10 * time.Second, Containers: []pod.Container{
		{Name: "helper-1", Sidecar: sidecar.Func(lingering(time.Minute))},
		{Name: "helper-2", Sidecar: sidecar.Func(lingering(2 * time.Second))},
		{Name: "main", Run: asMain(lingering(3 * time.Second))},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper-1 Started
			0s helper-2 Started
			0s main Started`)
		require.Error(t, b.stop())
		b.expect(`
			0s pod Killing
			0s main Killing
			3s main Completed
			3s helper-2 Killing
			5s helper-2 Completed
			5s helper-1 Killing
			10s helper-1 ExceededGracePeriod
			10s helper-1 Error`)
	})
}

func TestK16_ContainersThatDoNotRunCountAsTerminated(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper-1", Sidecar: sidecar.Func(until)},
		{Name: "helper-2", Sidecar: sidecar.Func(pausing(time.Millisecond, scripted(errBoom, errBoom)))},
		{Name: "helper-3", Sidecar: sidecar.Func(until)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		b.expect(`
			0s helper-1 Started
			0s helper-2 Started
			0s helper-3 Started
			0s main Started
			1ms helper-2 Error
			1ms helper-2 Started
			1ms helper-2 Error
			1ms helper-2 BackOff`)
		err := b.stop()
		require.ErrorIs(t, err, errBoom, "its last run failed")
		b.expect(`
			1s pod Killing
			1s main Killing
			1s main Completed
			1s helper-3 Killing
			1s helper-3 Completed
			1s helper-1 Killing
			1s helper-1 Completed`)
	})
}

func TestK17_WhenTheGraceIsUsedUpAllThatAreLeftAreToldAtOnce(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: 10 * time.Second, Containers: []pod.Container{
		{Name: "helper-1", Sidecar: sidecar.Func(lingering(time.Second))},
		{Name: "helper-2", Sidecar: sidecar.Func(lingering(time.Minute))},
		{Name: "main", Run: asMain(lingering(time.Minute))},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper-1 Started
			0s helper-2 Started
			0s main Started`)
		require.Error(t, b.stop())
		b.expect(`
			0s pod Killing
			0s main Killing
			10s main ExceededGracePeriod
			10s helper-2 Killing
			10s helper-1 Killing
			10s main Error
			11s helper-1 Completed
			11.5s helper-2 ExceededGracePeriod
			11.5s helper-2 Error`)
	})
}

func TestK17_WithEverythingHangingAPodEndsInTime(t *testing.T) {
	for _, grace := range []time.Duration{time.Second, 10 * time.Second} {
		bubble(t, &pod.Pod{TerminationGracePeriod: grace, Containers: []pod.Container{
			{Name: "helper-1", Sidecar: sidecar.Func(sleeping)},
			{Name: "helper-2", Sidecar: sidecar.Func(sleeping)},
			{Name: "main", Run: asMain(sleeping)},
		}}, func(t *testing.T, b *running) {
			time.Sleep(time.Second)
			began := time.Now()
			err := b.stop()
			require.LessOrEqual(t, time.Since(began), max(grace, 2*time.Second)+2*time.Second)
			for _, name := range []string{"helper-1", "helper-2", "main"} {
				require.ErrorContains(t, err, name)
			}
			time.Sleep(time.Hour)
		})
	}
}

// sleeping does not listen to anybody for an hour.
func sleeping(context.Context, *os.Root) error {
	time.Sleep(time.Hour)
	return nil
}

func TestK19_ARunningInitContainerIsToldAtOnce(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(until)},
		{Name: "init", Init: true, Run: asMain(lingering(time.Second))},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper Started
			0s init Started`)
		require.NoError(t, b.stop())
		b.expect(`
			0s pod Killing
			0s init Killing
			0s helper Killing
			0s helper Completed
			1s init Completed`)
		require.Equal(t, pod.Failed, b.pod.Status().Phase, "its main container never ran")
	})
}

func TestK20_AGraceBelow2SecondsIs2Seconds(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: time.Millisecond, Containers: []pod.Container{
		{Name: "main", Run: asMain(lingering(time.Minute))},
	}}, func(t *testing.T, b *running) {
		b.expect(`0s main Started`)
		require.Error(t, b.stop())
		b.expect(`
			0s pod Killing
			0s main Killing
			2s main ExceededGracePeriod
			2s main Error`)
	})
}

func TestK23_AHelperThatDiesWhileTheMainsTerminateIsStartedAgain(t *testing.T) {
	starts := 0
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, root *os.Root) error {
			if starts++; starts == 1 {
				time.Sleep(5 * time.Second)
				return errBoom
			}
			return until(ctx, root)
		})},
		{Name: "main", Run: asMain(lingering(10 * time.Second))},
	}}, func(t *testing.T, b *running) {
		b.expect(`
			0s helper Started
			0s main Started`)
		require.NoError(t, b.stop())
		b.expect(`
			0s pod Killing
			0s main Killing
			5s helper Error
			5s helper Started
			10s main Completed
			10s helper Killing
			10s helper Completed`)
	})
}

func TestAnOuterPodsKillEndsTheInnerPodAtOnce(t *testing.T) {
	inner := &pod.Pod{Observer: func(pod.Event) {}, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(lingering(time.Minute))},
		{Name: "main", Run: asMain(lingering(time.Minute))},
	}}
	bubble(t, &pod.Pod{TerminationGracePeriod: 5 * time.Second, Containers: []pod.Container{
		{Name: "inner", Run: func(ctx context.Context, _ pod.Env) error {
			require.NotNil(t, sandbox.From(ctx))
			return inner.Run(ctx)
		}},
	}}, func(t *testing.T, b *running) {
		b.expect(`0s inner Started`)
		err := b.stop()
		require.ErrorContains(t, err, `container "helper"`)
		require.ErrorContains(t, err, `container "main"`)
		b.expect(`
			0s pod Killing
			0s inner Killing
			5s inner ExceededGracePeriod
			5s inner Error`)
	})
}
