package pod_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestK21_AProbesGraceMayBeLongerThanThePods(t *testing.T) {
	var had atomic.Int64
	c := pod.Container{Run: func(ctx context.Context, _ pod.Env) error {
		grace, cancel := sandbox.Grace(ctx)
		defer cancel()
		<-ctx.Done()
		told := time.Now()
		<-grace.Done()
		had.Store(int64(time.Since(told)))
		return nil
	}, Liveness: &pod.Probe{Handler: hook(0, errBoom), FailureThreshold: 1, TerminationGracePeriod: time.Minute}}
	probing(t, &healthy{}, c, func(t *testing.T, b *running) {
		time.Sleep(61 * time.Second)
		require.EqualValues(t, time.Minute, had.Load())
		b.stop()
	})
}

func TestARunThatWasAbandonedHasFailedHoweverItReturns(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.OnFailure, TerminationGracePeriod: 5 * time.Second, Containers: []pod.Container{
		{Name: "main", Run: func(ctx context.Context, env pod.Env) error {
			<-ctx.Done()
			time.Sleep(20 * time.Second)
			return nil
		}, Liveness: &pod.Probe{Handler: hook(0, errBoom), FailureThreshold: 1}},
	}}, func(t *testing.T, b *running) {
		time.Sleep(21 * time.Second)
		require.Equal(t, 1, b.status("main").RestartCount)
		b.stop()
		time.Sleep(time.Minute)
	})
}

func TestAProbeOfAnotherAddressThatIsThePodsFailsWithoutALease(t *testing.T) {
	bubble(t, &pod.Pod{Network: &podtest.Network{}, Containers: []pod.Container{
		{Name: "web", Listen: "127.0.0.1:80", Readiness: &pod.Probe{Handler: pod.TCPSocket{Address: "127.0.0.1:80"}},
			Run: func(ctx context.Context, env pod.Env) error {
				env.Listener.Close()
				return mainUntil(ctx, env)
			}},
	}}, func(t *testing.T, b *running) {
		time.Sleep(15 * time.Second)
		require.False(t, b.status("web").Ready)
		b.trace.take()
	})
}

func TestK22_APodThatIsBeingStoppedIsNotReady(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{{Name: "main", Run: asMain(lingering(10 * time.Second))}}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.Equal(t, "True", b.pod.Status().Conditions[2].Status)
		b.cancel()
		time.Sleep(5 * time.Second)
		ready := b.pod.Status().Conditions[2]
		require.Equal(t, "False Terminating", ready.Status+" "+ready.Reason)
		require.True(t, b.status("main").Ready, "the container itself still is")
		b.trace.take()
	})
}

func TestK36_APodWhoseInitContainerFailedForGoodHasFailedAtOnce(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(lingering(10 * time.Second))},
		{Name: "init", Init: true, Run: after(time.Second, errBoom)},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(5 * time.Second)
		require.Equal(t, pod.Failed, b.pod.Status().Phase)
		require.Error(t, b.wait())
		b.trace.take()
	})
}

func TestANestedPodsErrorIsTheContainersOwn(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "outer", Run: func(ctx context.Context, _ pod.Env) error {
		inner := &pod.Pod{RestartPolicy: pod.Never, Observer: func(pod.Event) {}, Containers: []pod.Container{{Name: "inner", Command: []string{"/no/such"}}}}
		return inner.Run(ctx)
	}}}}, func(t *testing.T, b *running) {
		require.ErrorContains(t, b.wait(), `container "inner": RunContainerError`)
		require.Equal(t, pod.ReasonError, b.status("outer").State.Terminated.Reason)
		require.Equal(t, 1, b.status("outer").State.Terminated.ExitCode)
	})
}

func TestAHangEndsWhenTheRunReturnsAfterTheEnd(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(sleeping)}, {Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.Error(t, b.stop())
		require.NotNil(t, b.status("helper").Hanging)
		time.Sleep(time.Hour)
		require.Nil(t, b.status("helper").Hanging)
	})
}

func TestAHungProbeDelaysNobody(t *testing.T) {
	hung := pod.HandlerFunc(func(context.Context) error { time.Sleep(time.Hour); return nil })
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: asMain(firstly(15*time.Second, errBoom)), Readiness: &pod.Probe{Handler: hung}},
	}}, func(t *testing.T, b *running) {
		time.Sleep(16 * time.Second)
		require.Equal(t, 15*time.Second, b.status("main").LastState.Terminated.FinishedAt.Sub(b.trace.began))
		require.NoError(t, b.stop())
		time.Sleep(2 * time.Hour)
	})
}

func TestAnObserverThatBlocksIsLeftBehindInTime(t *testing.T) {
	var in, most atomic.Int64
	p := &pod.Pod{TerminationGracePeriod: 2 * time.Second, Observer: func(pod.Event) {
		most.Store(max(most.Load(), in.Add(1)))
		time.Sleep(time.Hour)
		in.Add(-1)
	}, Containers: []pod.Container{{Name: "helper", Sidecar: sidecar.Func(sleeping)}, {Name: "main", Run: asMain(sleeping)}}}
	bubble(t, p, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		began := time.Now()
		require.Error(t, b.stop())
		require.LessOrEqual(t, time.Since(began), 4*time.Second)
		require.Positive(t, p.Status().EventsDropped)
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, p.Run(ctx))
		require.EqualValues(t, 1, most.Load(), "one at a time, over two runs")
		time.Sleep(5 * time.Hour)
	})
}

func TestAnObserverThatEndsItsGoroutineLosesOneEvent(t *testing.T) {
	var seen atomic.Int64
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Observer: func(pod.Event) {
		if seen.Add(1) == 1 {
			runtime.Goexit()
		}
	}, Containers: []pod.Container{{Name: "main", Run: after(time.Second, nil)}}}, func(t *testing.T, b *running) {
		require.NoError(t, b.wait())
		require.EqualValues(t, 3, seen.Load())
		require.EqualValues(t, 1, b.pod.Status().EventsDropped)
	})
}

func TestLongMessagesAreCut(t *testing.T) {
	long := errors.New(string(make([]byte, 1<<20)))
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main", Run: mainUntil, Readiness: &pod.Probe{Handler: hook(0, long)}},
	}, Observer: func(e pod.Event) { require.LessOrEqual(t, len(e.Message), 4096) }}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		require.Len(t, b.status("main").Probes[0].LastError, 4096)
	})
}

func TestAnInvalidPodLeavesNoDirectory(t *testing.T) {
	dir := t.TempDir() + "/new"
	require.Error(t, (&pod.Pod{Dir: dir}).Run(t.Context()))
	require.NoDirExists(t, dir)
	_, err := os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWhatHangsInANestedPodIsTheOuterContainersToo(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: 10 * time.Second, Containers: []pod.Container{{Name: "outer", Run: func(ctx context.Context, _ pod.Env) error {
		inner := &pod.Pod{Name: "inside", Containers: []pod.Container{{Name: "inner", Run: func(context.Context, pod.Env) error { hangInside(); return nil }}}}
		inner.Run(ctx)
		time.Sleep(time.Minute) // what the inner pod has given up is left
		return nil
	}}}}, func(t *testing.T, b *running) {
		synctest.Wait()
		var hang *pod.AbandonedError
		require.ErrorAs(t, b.stop(), &hang)
		require.Contains(t, hang.Stacks, "hangInside")
		time.Sleep(24 * time.Hour)
	})
}

func hangInside() { time.Sleep(time.Hour) }

func TestACommandCantBeHandedAListenerInMemory(t *testing.T) {
	p := &pod.Pod{Network: &podtest.Network{}, Containers: []pod.Container{{Name: "web", Command: []string{"web"}, Listen: "127.0.0.1:80"}}}
	require.ErrorContains(t, p.Run(t.Context()), `Containers[0].Listen`)
}
