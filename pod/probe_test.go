package pod_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A healthy says what a probe finds as time goes on, and when it was asked.
type healthy struct {
	mu    sync.Mutex
	began time.Time
	at    []time.Duration
	finds func(at time.Duration) error
}

func (h *healthy) Handle(context.Context) error {
	h.mu.Lock()
	at := time.Since(h.began)
	h.at = append(h.at, at)
	h.mu.Unlock()
	return h.finds(at)
}

// begin makes now the time that h counts from.
func (h *healthy) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.began = time.Now()
}

// asked is when it was.
func (h *healthy) asked() []time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.at)
}

func seconds(s ...float64) (all []time.Duration) {
	for _, s := range s {
		all = append(all, time.Duration(s*float64(time.Second)))
	}
	return all
}

// ill is a probe's handler that fails in the given spans of seconds.
func ill(spans ...[2]float64) *healthy {
	return &healthy{finds: func(at time.Duration) error {
		for _, s := range spans {
			if s[0] <= at.Seconds() && at.Seconds() < s[1] {
				return errBoom
			}
		}
		return nil
	}}
}

// probing runs a pod in which h learns when it began.
func probing(t *testing.T, h *healthy, c pod.Container, script func(t *testing.T, b *running)) {
	t.Helper()
	if c.Run == nil && c.Sidecar == nil {
		c.Run = mainUntil
	}
	c.Name = "web"
	p := &pod.Pod{Containers: []pod.Container{c}}
	if c.Sidecar != nil {
		p.Containers = append(p.Containers, pod.Container{Name: "main", Run: mainUntil})
	}
	synctest.Test(t, func(t *testing.T) {
		h.begin()
		b := start(t, p)
		defer synctest.Wait()
		defer b.stop()
		script(t, b)
	})
}

func TestK25_Defaults(t *testing.T) {
	h := ill([2]float64{35, 1000})
	probing(t, h, pod.Container{Liveness: &pod.Probe{Handler: h}}, func(t *testing.T, b *running) {
		time.Sleep(65 * time.Second)
		require.Equal(t, seconds(0, 10, 20, 30, 40, 50, 60), h.asked()[:7], "every 10 s")
		b.expect(`
			0s web Started
			40s web Unhealthy
			50s web Unhealthy
			1m0s web Unhealthy
			1m0s web Killing
			1m0s web Error
			1m0s web Started
			1m0s web Unhealthy`)
	})
}

func TestK25_TheTimeoutIs1Second(t *testing.T) {
	h := &healthy{}
	h.finds = func(time.Duration) error { time.Sleep(1500 * time.Millisecond); return nil }
	probing(t, h, pod.Container{Readiness: &pod.Probe{Handler: h}}, func(t *testing.T, b *running) {
		time.Sleep(9 * time.Second)
		b.expect(`
			0s web Started
			1s web Unhealthy`)
		require.Contains(t, b.status("web").Probes[0].LastError, "no answer within 1s")
		require.Equal(t, time.Second, b.status("web").Probes[0].LastDuration)
	})
}

func TestK27_AnInconclusiveProbeCountsForNothing(t *testing.T) {
	h := &healthy{finds: func(at time.Duration) error {
		if at < 20*time.Second {
			return fmt.Errorf("no idea: %w", pod.ErrInconclusive)
		}
		return errBoom
	}}
	probing(t, h, pod.Container{Liveness: &pod.Probe{Handler: h, Period: time.Second, FailureThreshold: 2}}, func(t *testing.T, b *running) {
		time.Sleep(21500 * time.Millisecond)
		trace := b.trace.take()
		require.Equal(t, []string{"0s web Started", "20s web Unhealthy", "21s web Unhealthy", "21s web Killing"}, trace[:4])
	})
}

func TestK28_VerdictsBeforeTheFirstProbe(t *testing.T) {
	h := ill()
	probing(t, h, pod.Container{
		Startup:   &pod.Probe{Handler: h, InitialDelay: time.Minute},
		Readiness: &pod.Probe{Handler: h},
		Liveness:  &pod.Probe{Handler: h},
	}, func(t *testing.T, b *running) {
		synctest.Wait()
		var is []string
		for _, p := range b.status("web").Probes {
			is = append(is, p.Type+" "+p.Result)
		}
		require.Equal(t, []string{"Startup Unknown", "Readiness Failure", "Liveness Success"}, is)
		require.False(t, b.status("web").Ready)
	})
}

func TestK29_ASlowProbeDropsTicksAndAPanicIsAFailure(t *testing.T) {
	h := &healthy{}
	h.finds = func(at time.Duration) error {
		if at == 0 {
			time.Sleep(2500 * time.Millisecond)
			return nil
		}
		panic("oh")
	}
	probing(t, h, pod.Container{Readiness: &pod.Probe{Handler: h, Period: time.Second, Timeout: 5 * time.Second}}, func(t *testing.T, b *running) {
		time.Sleep(5500 * time.Millisecond)
		require.Equal(t, seconds(0, 2.5, 3, 4, 5), h.asked())
		require.Contains(t, b.status("web").Probes[0].LastError, "panic: oh")
	})
}

func TestK29_AHandlerThatNeverReturnsIsAFailureEachPeriod(t *testing.T) {
	var calls atomic.Int64
	h := pod.HandlerFunc(func(context.Context) error {
		calls.Add(1)
		time.Sleep(time.Hour)
		return nil
	})
	probing(t, &healthy{}, pod.Container{Liveness: &pod.Probe{Handler: h}}, func(t *testing.T, b *running) {
		time.Sleep(19 * time.Second)
		require.EqualValues(t, 1, calls.Load())
		time.Sleep(3 * time.Second)
		b.expect(`
			0s web Started
			1s web Unhealthy
			10s web Unhealthy
			20s web Unhealthy
			20s web Killing
			20s web Error
			20s web Started
			21s web Unhealthy`)
		require.NoError(t, b.stop())
		time.Sleep(2 * time.Hour)
	})
}

func TestK30_OnlyRowsAsLongAsTheThresholdsCount(t *testing.T) {
	// Fails at 2; from 4 on in a row of two; succeeds for one at 7, and from 9 on.
	h := ill([2]float64{2, 3}, [2]float64{4, 7}, [2]float64{8, 9})
	probing(t, h, pod.Container{Readiness: &pod.Probe{Handler: h, Period: time.Second, FailureThreshold: 2, SuccessThreshold: 2}}, func(t *testing.T, b *running) {
		var ready []bool
		for range 12 {
			synctest.Wait()
			ready = append(ready, b.status("web").Ready)
			time.Sleep(time.Second)
		}
		no, yes := false, true
		require.Equal(t, []bool{no, yes, yes, yes, yes, no, no, no, no, no, yes, yes}, ready)
	})
}

func TestK31_TheOtherProbesBeginWhenTheContainerHasStarted(t *testing.T) {
	startup, ready, live := ill([2]float64{0, 20}), ill(), ill()
	c := pod.Container{
		Startup:   &pod.Probe{Handler: startup, Period: 5 * time.Second, FailureThreshold: 10},
		Readiness: &pod.Probe{Handler: ready, Period: 7 * time.Second},
		Liveness:  &pod.Probe{Handler: live, Period: 7 * time.Second, InitialDelay: 30 * time.Second},
	}
	probing(t, startup, c, func(t *testing.T, b *running) {
		ready.begin()
		live.begin()
		time.Sleep(40 * time.Second)
		require.Equal(t, seconds(0, 5, 10, 15, 20), startup.asked(), "none once it has succeeded")
		require.Equal(t, seconds(20, 27, 34), ready.asked(), "at once")
		require.Equal(t, seconds(30, 37), live.asked(), "InitialDelay counts from the container's start")
		b.expect(`
			0s web Started
			0s web Unhealthy
			5s web Unhealthy
			10s web Unhealthy
			15s web Unhealthy
			20s web Ready`)
	})
}

func TestK31_AHelpersStartupHoldsUpWhatFollows(t *testing.T) {
	h := ill([2]float64{0, 20})
	probing(t, h, pod.Container{Sidecar: sidecar.Func(until), Startup: &pod.Probe{Handler: h, FailureThreshold: 5}}, func(t *testing.T, b *running) {
		time.Sleep(time.Minute)
		b.expect(`
			0s web Started
			0s web Unhealthy
			10s web Unhealthy
			20s web Ready
			20s main Started`)
	})
}

func TestK11_AMainsStartupHoldsNobodyUp(t *testing.T) {
	h := &healthy{finds: func(time.Duration) error { return errBoom }}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main-1", Run: mainUntil, Startup: &pod.Probe{Handler: h, FailureThreshold: 5}},
		{Name: "main-2", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.NotNil(t, b.status("main-2").State.Running)
		require.False(t, b.status("main-1").Started)
		require.Equal(t, pod.Running, b.pod.Status().Phase)
		b.trace.take()
	})
}

func TestK32_AFailureStopsTheRunAndReadinessNever(t *testing.T) {
	for _, test := range []struct {
		kind    string
		with    func(*pod.Probe) pod.Container
		restart bool
	}{
		{"Startup", func(p *pod.Probe) pod.Container { return pod.Container{Startup: p} }, true},
		{"Liveness", func(p *pod.Probe) pod.Container { return pod.Container{Liveness: p} }, true},
		{"Readiness", func(p *pod.Probe) pod.Container { return pod.Container{Readiness: p} }, false},
	} {
		t.Run(test.kind, func(t *testing.T) {
			h := ill([2]float64{0, 10})
			c := test.with(&pod.Probe{Handler: h, Period: 5 * time.Second, FailureThreshold: 2})
			c.RestartPolicy = pod.OnFailure
			probing(t, h, c, func(t *testing.T, b *running) {
				time.Sleep(time.Minute)
				web := b.status("web")
				require.NotNil(t, web.State.Running)
				require.True(t, web.Ready)
				if !test.restart {
					require.Zero(t, web.RestartCount)
					return
				}
				require.Equal(t, 1, web.RestartCount, "a run that stops cleanly because of a probe has failed")
				require.Equal(t, 143, web.LastState.Terminated.ExitCode)
				require.Equal(t, test.kind+" probe failed: boom", web.LastState.Terminated.Message)
				require.Equal(t, 5*time.Second, web.LastState.Terminated.FinishedAt.Sub(b.trace.began))
			})
		})
	}
}

func TestK21_AProbesOwnGraceIsForTheStopItLeadsTo(t *testing.T) {
	h := ill([2]float64{0, 1})
	c := pod.Container{Run: asMain(lingering(time.Minute)), Liveness: &pod.Probe{Handler: h, FailureThreshold: 1, TerminationGracePeriod: 5 * time.Second}}
	probing(t, h, c, func(t *testing.T, b *running) {
		time.Sleep(10 * time.Second)
		b.expect(`
			0s web Started
			0s web Unhealthy
			0s web Killing
			5s web ExceededGracePeriod
			5s web Error
			5s web Started`)
	})
}

func TestK22_WhileItStopsOnlyReadinessIsProbed(t *testing.T) {
	live, ready := ill([2]float64{3, 1000}), ill([2]float64{3, 1000})
	c := pod.Container{
		Run:       asMain(lingering(20 * time.Second)),
		Liveness:  &pod.Probe{Handler: live, Period: time.Second, FailureThreshold: 5},
		Readiness: &pod.Probe{Handler: ready, Period: time.Second, FailureThreshold: 1},
	}
	probing(t, live, c, func(t *testing.T, b *running) {
		ready.begin()
		time.Sleep(2500 * time.Millisecond)
		b.cancel()
		time.Sleep(10 * time.Second)
		require.Equal(t, seconds(0, 1, 2), live.asked())
		require.Len(t, ready.asked(), 13)
		require.False(t, b.status("web").Ready)
		require.NoError(t, b.wait())
	})
}

func TestABlocksReadyServesAsItsReadiness(t *testing.T) {
	block := &wavering{}
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: block}, {Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.True(t, b.status("helper").Ready)
		block.lost.Store(true)
		time.Sleep(31 * time.Second)
		require.False(t, b.status("helper").Ready)
		require.Zero(t, b.status("helper").RestartCount)
		block.lost.Store(false)
		time.Sleep(10 * time.Second)
		require.True(t, b.status("helper").Ready)
		b.expect(`
			0s helper Started
			0s helper Ready
			0s main Started
			10s helper Unhealthy
			20s helper Unhealthy
			30s helper Unhealthy
			40s helper Ready`)
	})
}

// wavering is a sidecar that loses its readiness.
type wavering struct {
	sidecar.Func
	lost atomic.Bool
}

func (w *wavering) Run(ctx context.Context, root *os.Root) error { return until(ctx, root) }

func (w *wavering) Ready(context.Context) error {
	if w.lost.Load() {
		return errors.New("lost the upstream")
	}
	return nil
}
