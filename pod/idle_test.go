package pod_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// helped is a pod with n idle helpers, whose main container calls up when all of
// them run, and then ends.
func helped(n int, listen bool, up func()) *pod.Pod {
	p := &pod.Pod{RestartPolicy: pod.Never, Observer: func(pod.Event) {}}
	for i := range n {
		c := pod.Container{Name: fmt.Sprintf("helper-%d", i)}
		if listen {
			c.Ambassador, c.Listen = aAmbassador, "127.0.0.1:0"
		} else {
			c.Sidecar = sidecar.Func(until)
		}
		p.Containers = append(p.Containers, c)
	}
	p.Containers = append(p.Containers, pod.Container{Name: "main", Run: func(context.Context, pod.Env) error {
		up()
		return nil
	}})
	return p
}

func descriptors(t *testing.T) int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors can be counted on linux only")
	}
	return len(open)
}

// inUse is the heap and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// What an idle helper costs, as the package's doc says. A probe that is not due
// adds no goroutine.
func TestAnIdleHelperIsSmall(t *testing.T) {
	for name, block := range map[string]ambassador.Ambassador{"plain": aAmbassador, "with Ready": readyAmbassador{aAmbassador}} {
		t.Run(name, func(t *testing.T) {
			const n = 500
			var goroutines, fds int
			var bytes uint64
			measure := func() { goroutines, fds, bytes = runtime.NumGoroutine(), descriptors(t), inUse() }
			run := func(n int) {
				p := helped(n, true, measure)
				for i := range p.Containers[:n] {
					p.Containers[i].Ambassador = block
				}
				require.NoError(t, p.Run(t.Context()))
			}
			run(1)
			few, fewFds, fewBytes := goroutines, fds, bytes
			run(1 + n)
			t.Logf("per helper: %.2f goroutines, %.2f descriptors, %.1f KiB",
				float64(goroutines-few)/n, float64(fds-fewFds)/n, (float64(bytes)-float64(fewBytes))/n/1024)
			require.LessOrEqual(t, goroutines-few, n+5)
			require.LessOrEqual(t, fds-fewFds, 2*n+5)
			require.Less(t, (int64(bytes)-int64(fewBytes))/n, int64(32<<10))
		})
	}
}

// What was opened for runs that do not come is given back, as is what runs had.
func TestAStopDuringTheStartLeavesNoDescriptor(t *testing.T) {
	before := descriptors(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := helped(100, false, func() {})
	p.Containers[10].Sidecar = never{sidecar.Func(func(ctx context.Context, root *os.Root) error {
		cancel()
		return until(ctx, root)
	})}
	require.NoError(t, p.Run(ctx))
	require.Nil(t, p.Status().Containers[11].State.Terminated)
	require.LessOrEqual(t, descriptors(t), before)
}

func TestAContainerThatClosesItsRootLeavesTheOthersTheirs(t *testing.T) {
	p := helped(3, false, func() {})
	for i := range p.Containers[:3] {
		p.Containers[i].Sidecar = ready{func(ctx context.Context, root *os.Root) error {
			root.Close()
			return until(ctx, root)
		}}
	}
	p.Containers[3].Run = func(_ context.Context, env pod.Env) error {
		return env.Root.WriteFile("file", nil, 0o600)
	}
	require.NoError(t, p.Run(t.Context()))
}

// ready is a helper that gates what follows on its readiness.
type ready struct{ sidecar.Func }

func (ready) Ready(context.Context) error { return nil }

type readyAmbassador struct{ ambassador.Ambassador }

func (readyAmbassador) Ready(context.Context) error { return nil }

// never is a helper that does not become ready.
type never struct{ sidecar.Func }

func (never) Ready(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// From Run to its return: everything started, and stopped in order.
func BenchmarkStartToStop(b *testing.B) {
	for _, gated := range []bool{false, true} {
		for _, n := range []int{1, 10, 1000, 5000} {
			b.Run(fmt.Sprintf("gated=%t/helpers=%d", gated, n), func(b *testing.B) {
				p := helped(n, false, func() {})
				for i := range p.Containers[:n] {
					if gated {
						p.Containers[i].Sidecar = ready{until}
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Run(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/helper")
			})
		}
	}
}
