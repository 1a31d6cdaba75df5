package podtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

var errBoom = errors.New("boom")

func untilTold(ctx context.Context, _ *os.Root) error {
	<-ctx.Done()
	return ctx.Err()
}

func mainUntilTold(ctx context.Context, _ pod.Env) error { return untilTold(ctx, nil) }

func fails(context.Context, pod.Env) error { return errBoom }

// aPod is a helper and a main container that do nothing.
func aPod() *pod.Pod {
	return &pod.Pod{Name: "two", Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(untilTold)},
		{Name: "main", Run: mainUntilTold},
	}}
}

// both has a test run in a bubble and outside.
func both(t *testing.T, test func(t *testing.T)) {
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, test) })
	t.Run("real time", test)
}

func TestRunEndsThePodWithTheTest(t *testing.T) {
	both(t, func(t *testing.T) {
		var seen []string
		logger := slog.New(slog.DiscardHandler)
		p := aPod()
		p.Logger = logger
		p.Observer = func(e pod.Event) { seen = append(seen, e.Container+" "+e.Reason) }
		for range 2 { // and the pod can be used again
			seen = nil
			require.Empty(t, record(t, func(t testing.TB) {
				r := Run(t, p)
				t.Cleanup(func() { require.NotNil(t, r.Container("main").State.Running, "still runs") })
				r.AwaitPhase(pod.Running)
				require.NotSame(t, logger, r.out.logger())
			}))
			require.Equal(t, pod.Succeeded, p.Status().Phase)
			require.Equal(t, []string{"helper Started", "main Started", " Killing",
				"main Killing", "main Completed", "helper Killing", "helper Completed"}, seen)
			require.Same(t, logger, p.Logger)
			p.Observer(pod.Event{Reason: "mine"})
			require.Equal(t, " mine", seen[len(seen)-1])
		}
	})
}

func TestRunFailsOnAnErrorThatWasNotTaken(t *testing.T) {
	p := &pod.Pod{Name: "broken", RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "main", Run: fails}}}
	both(t, func(t *testing.T) {
		failures := record(t, func(t testing.TB) { Run(t, p).AwaitPhase(pod.Failed) })
		require.Len(t, failures, 1)
		require.Contains(t, failures[0], "the pod ended with an error that the test did not take")
		require.Contains(t, failures[0], `container "main": Error (exit code 1): boom`)

		require.Empty(t, record(t, func(tb testing.TB) { require.ErrorIs(t, Run(tb, p).Wait(), errBoom) }))
		require.Empty(t, record(t, func(tb testing.TB) {
			r := Run(tb, p)
			r.AwaitPhase(pod.Failed)
			require.ErrorIs(t, r.Stop(), errBoom)
		}))
		failures = record(t, func(t testing.TB) { Run(t, &pod.Pod{Name: "?"}) })
		require.Len(t, failures, 1)
		require.Contains(t, failures[0], "no main container")
	})
}

func TestRunKeepsTheStatusOfAFailedTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.ArtifactDir(), "two-status.txt")
		require.Empty(t, record(t, func(t testing.TB) { Run(t, aPod()).AwaitPhase(pod.Running) }))
		require.NoFileExists(t, file)
		require.Len(t, record(t, func(t testing.TB) {
			Run(t, aPod()).AwaitPhase(pod.Running)
			t.Errorf("something else")
		}), 1)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(text), "Status:             Running\n", "as it was when the test failed")
		require.Contains(t, string(text), "Trace:\n0s helper Started: container started\n0s main Started: container started\n")
	})
}

func TestRunFailsOnLeaks(t *testing.T) {
	both(t, func(t *testing.T) {
		over := make(chan struct{})
		p := aPod()
		p.Containers[0].Sidecar = sidecar.Func(func(ctx context.Context, root *os.Root) error {
			go wait(over)
			go wait(over)
			return untilTold(ctx, root)
		})
		other := make(chan struct{})
		go wait(other) // not the pod's
		failures := record(t, func(t testing.TB) { Run(t, p).AwaitPhase(pod.Running) })
		close(over)
		close(other)
		require.Len(t, failures, 1)
		require.Contains(t, failures[0], "goroutines are left")
		require.Regexp(t, `container "two/helper#1\.\d+": 2 in\n`, failures[0])
		require.Contains(t, failures[0], `github.com/podpatterns/podpatterns/pod/podtest.wait(...)`)
		require.NotContains(t, failures[0], "the pod:")
	})
}

// A hang that ends by itself is none at the end of a test in virtual time.
func TestAHangMayOutliveThePod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := aPod()
		p.Containers[1] = Hang(p.Containers[1], 1, time.Hour)
		require.Empty(t, record(t, func(tb testing.TB) {
			r := Run(tb, p)
			r.AwaitPhase(pod.Running)
			var abandoned *pod.AbandonedError
			require.ErrorAs(t, r.Stop(), &abandoned)
			require.Equal(t, 30500*time.Millisecond, abandoned.After)
		}))
	})
}

func TestWaitGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		failures := record(t, func(t testing.TB) { Run(t, aPod()).Wait() })
		require.Equal(t, time.Hour, time.Since(began))
		require.Len(t, failures, 1)
		require.Contains(t, failures[0], "has not ended by itself within 1h0m0s\nName:               two\n")
	})
}

// stuck is a network that does not listen until it is let.
type stuck struct {
	Network
	let chan struct{}
}

func (n *stuck) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	<-n.let
	return n.Network.Listen(ctx, network, address)
}

func TestRunGivesUpAPodThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &stuck{let: make(chan struct{})}
		p := aPod()
		p.Network = network
		p.Containers[1].Listen = "127.0.0.1:80"
		began := time.Now()
		failures := record(t, func(t testing.TB) { Run(t, p) })
		close(network.let)
		require.Equal(t, time.Hour+42*time.Second, time.Since(began))
		require.Len(t, failures, 2)
		require.Contains(t, failures[0], "podtest: no start of the pod within 1h0m0s\nName: ")
		require.Contains(t, failures[1], "podtest: the pod has not ended 42s after it was told to stop\nthe pod: 1 in\n")
		require.Contains(t, failures[1], "podtest.(*stuck).Listen(...)")
	})
}

// TestTheTestsOwnOutput is this test as a process of its own, which leaks in a
// bubble: testing panics on that, and what Run has found must be seen before.
func TestTheTestsOwnOutput(t *testing.T) {
	const variable = "PODTEST_LEAK_IN_A_BUBBLE"
	if os.Getenv(variable) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), variable+"=yes")
		out, err := child.CombinedOutput()
		require.Error(t, err)
		for _, line := range []string{
			"    0s helper Started: container started\n",
			"level=INFO msg=hello pod=two container=helper\n",
			"goroutines are left that the pod or its containers have started:\n",
			`container "two/helper#1.1": 1 in`,
		} {
			require.Contains(t, string(out), line)
		}
		return
	}
	synctest.Test(t, func(t *testing.T) {
		p := aPod()
		p.Containers[0].Sidecar = sidecar.Func(func(ctx context.Context, root *os.Root) error {
			sandbox.Logger(ctx).Info("hello")
			go wait(make(chan struct{}))
			return untilTold(ctx, root)
		})
		Run(t, p).AwaitPhase(pod.Running)
	})
}

// TestOutputEndsWithTheTest: testing panics if anything reaches it later.
func TestOutputEndsWithTheTest(t *testing.T) {
	var late *output
	t.Run("over", func(t *testing.T) { late = newOutput(t) })
	fmt.Fprintln(late, strings.Repeat("late ", 10))
}
