package pod_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/oklog/run"
	"github.com/stretchr/testify/require"
	"github.com/thejerf/suture/v4"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A contender runs n services, and returns when ctx is done and all have ended.
type contender struct {
	name string
	run  func(ctx context.Context, n int, service func(context.Context)) error
}

// contenders, with what they don't do that the pod does.
var contenders = []contender{
	// Start in order, each gated on the one before, and stop in reverse; a grace
	// period for all; a root and a listener for each; status and events.
	{"pod", runPod},
	// No order of stopping, and a start that nothing waits for; the pause after
	// failures is the supervisor's, so that one bad service delays the others'.
	{"suture", runSuture},
	// No restarts, no panics caught, no time limit: one actor that hangs hangs all.
	{"oklog", runOklog},
	// The limit: a goroutine each, and nothing else.
	{"goroutines", runGoroutines},
}

func runPod(ctx context.Context, n int, service func(context.Context)) error {
	p := &pod.Pod{Logger: slog.New(slog.DiscardHandler), Observer: func(pod.Event) {}}
	for i := range n - 1 {
		p.Containers = append(p.Containers, pod.Container{
			Name: "helper-" + strconv.Itoa(i),
			Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error {
				service(ctx)
				return nil
			}),
		})
	}
	p.Containers = append(p.Containers, pod.Container{
		Name: "main",
		Run: func(ctx context.Context, _ pod.Env) error {
			service(ctx)
			return nil
		},
	})
	return p.Run(ctx)
}

type sutureService func(context.Context)

func (s sutureService) Serve(ctx context.Context) error {
	s(ctx)
	return ctx.Err()
}

func runSuture(ctx context.Context, n int, service func(context.Context)) error {
	s := suture.New("bench", suture.Spec{EventHook: func(suture.Event) {}})
	for range n {
		s.Add(sutureService(service))
	}
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func runOklog(ctx context.Context, n int, service func(context.Context)) error {
	var g run.Group
	g.Add(func() error {
		<-ctx.Done()
		return nil
	}, func(error) {})
	for range n {
		ctx, interrupt := context.WithCancel(context.WithoutCancel(ctx))
		g.Add(func() error {
			service(ctx)
			return nil
		}, func(error) { interrupt() })
	}
	return g.Run()
}

func runGoroutines(ctx context.Context, n int, service func(context.Context)) error {
	var all sync.WaitGroup
	for range n {
		all.Go(func() { service(ctx) })
	}
	all.Wait()
	return nil
}

// startToStop has c start n services, stop them when all run, and returns how
// long that took.
func startToStop(tb testing.TB, c contender, n int) time.Duration {
	ctx, stop := context.WithCancel(tb.Context())
	defer stop()
	var started, ended sync.WaitGroup
	started.Add(n)
	ended.Add(n)
	go func() {
		started.Wait()
		stop()
	}()
	began := time.Now()
	err := c.run(ctx, n, func(ctx context.Context) {
		defer ended.Done()
		started.Done()
		<-ctx.Done()
	})
	took := time.Since(began)
	require.NoError(tb, err, c.name)
	ended.Wait() // a contender that left some behind would hang here
	return took
}

func TestContenders(t *testing.T) {
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) { startToStop(t, c, 10) })
	}
}

// BenchmarkStartToStop runs the contenders in turn in each iteration, so that what
// the machine does besides hits them alike. It reports each one's time, and the
// pod's as a multiple of each other's.
func BenchmarkStartToStop(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("services=%d", n), func(b *testing.B) {
			took := make([]time.Duration, len(contenders))
			for b.Loop() {
				for i, c := range contenders {
					took[i] += startToStop(b, c, n)
				}
			}
			b.ReportMetric(0, "ns/op") // of all together: it says nothing
			for i, c := range contenders {
				b.ReportMetric(float64(took[i].Nanoseconds())/float64(b.N), c.name+"-ns/op")
				if i > 0 {
					b.ReportMetric(float64(took[0])/float64(took[i]), "pod/"+c.name)
				}
			}
		})
	}
}
