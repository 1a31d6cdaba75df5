package pod_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

type codedError int

func (e codedError) Error() string { return fmt.Sprintf("code %d", int(e)) }
func (e codedError) ExitCode() int { return int(e) }

// How a run ends, by what its function did (section 8).
func TestExits(t *testing.T) {
	for _, test := range []struct {
		name    string
		run     func(context.Context, pod.Env) error
		code    int
		reason  string
		message string
		failed  bool
	}{
		{"nil", after(time.Second, nil), 0, pod.ReasonCompleted, "", false},
		{"an error", after(time.Second, errBoom), 1, pod.ReasonError, "boom", true},
		{"an error with an exit code", after(time.Second, fmt.Errorf("wrapped: %w", codedError(7))), 7, pod.ReasonError, "wrapped: code 7", true},
		{"an error with exit code 0", after(time.Second, codedError(0)), 0, pod.ReasonCompleted, "code 0", false},
		{"somebody else's deadline", after(time.Second, context.DeadlineExceeded), 1, pod.ReasonError, "context deadline exceeded", true},
		{"somebody else's cancellation", after(time.Second, context.Canceled), 1, pod.ReasonError, "context canceled", true},
		{"a panic", func(context.Context, pod.Env) error { panic(errBoom) }, 2, pod.ReasonError, "panic: boom", true},
		{"a nil panic", func(context.Context, pod.Env) error { panic(nil) }, 2, pod.ReasonError, "panic: panic called with nil argument", true},
		{"Goexit", func(context.Context, pod.Env) error { runtime.Goexit(); return nil }, 1, pod.ReasonGoexit, "runtime.Goexit", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "main", Run: test.run}}}, func(t *testing.T, b *running) {
				err := b.wait()
				terminated := b.pod.Status().Containers[0].State.Terminated
				require.NotNil(t, terminated)
				require.Equal(t, test.code, terminated.ExitCode)
				require.Equal(t, test.reason, terminated.Reason)
				require.Contains(t, terminated.Message, test.message)
				if !test.failed {
					require.NoError(t, err)
					require.Equal(t, pod.Succeeded, b.pod.Status().Phase)
					return
				}
				var failed *pod.ContainerError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, test.code, failed.ExitCode)
				require.Equal(t, test.reason, failed.Reason)
				require.ErrorContains(t, err, `pod "pod": container "main": `+test.reason)
				require.Equal(t, pod.Failed, b.pod.Status().Phase)
			})
		})
	}
}

// What a run may return once it was told to stop, and what not.
func TestExitsAfterStop(t *testing.T) {
	for _, test := range []struct {
		name   string
		result func(ctx context.Context) error
		failed bool
	}{
		{"nil", func(context.Context) error { return nil }, false},
		{"its context's error", func(ctx context.Context) error { return ctx.Err() }, false},
		{"the same, wrapped", func(ctx context.Context) error { return fmt.Errorf("serve: %w", ctx.Err()) }, false},
		{"all of several", func(ctx context.Context) error { return errors.Join(ctx.Err(), ctx.Err()) }, false},
		{"its context's error and another", func(ctx context.Context) error { return multierror.Append(ctx.Err(), errBoom) }, true},
		{"somebody else's deadline", func(context.Context) error { return context.DeadlineExceeded }, true},
		{"an error", func(context.Context) error { return errBoom }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, &pod.Pod{Containers: []pod.Container{
				{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error {
					<-ctx.Done()
					return test.result(ctx)
				})},
				{Name: "main", Run: mainUntil},
			}}, func(t *testing.T, b *running) {
				b.expect(`
					0s helper Started
					0s main Started`)
				if err := b.stop(); test.failed {
					require.ErrorContains(t, err, `container "helper"`)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, pod.Succeeded, b.pod.Status().Phase, "helpers do not count (K36)")
			})
		})
	}
}

func TestAPanicsErrorCanBeFound(t *testing.T) {
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main", Run: func(context.Context, pod.Env) error { panic(fmt.Errorf("wrapped: %w", errBoom)) }},
	}}, func(t *testing.T, b *running) {
		err := b.wait()
		require.ErrorIs(t, err, errBoom)
		var panicked *pod.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Contains(t, string(panicked.Stack), "TestAPanicsErrorCanBeFound")
	})
}

func TestAllErrorsOfAShutdownAreThere(t *testing.T) {
	other := errors.New("another")
	bubble(t, &pod.Pod{TerminationGracePeriod: 5 * time.Second, Containers: []pod.Container{
		{Name: "fails", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error { <-ctx.Done(); return errBoom })},
		{Name: "hangs", Sidecar: sidecar.Func(sleeping)},
		{Name: "fine", Sidecar: sidecar.Func(until)},
		{Name: "main", Run: func(ctx context.Context, _ pod.Env) error { <-ctx.Done(); return other }},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		err := b.stop()
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, other)
		var abandoned *pod.AbandonedError
		require.ErrorAs(t, err, &abandoned)
		require.Contains(t, abandoned.Stacks, "pod_test.sleeping")
		var all *multierror.Error
		require.ErrorAs(t, err, &all)
		require.Len(t, all.Errors, 3)
		require.NotContains(t, err.Error(), "fine")

		status := b.pod.Status()
		require.Equal(t, 137, status.Containers[1].State.Terminated.ExitCode)
		require.DirExists(t, status.Dir, "kept while the abandoned container lives")
		require.ErrorContains(t, b.pod.Run(t.Context()), `container "hangs" was abandoned`)
		time.Sleep(time.Hour)
		require.NoDirExists(t, status.Dir)
		b.cancel()
		require.NoError(t, func() error { ctx, cancel := context.WithCancel(t.Context()); cancel(); return b.pod.Run(ctx) }())
	})
}

// Of two that hang each error names its own goroutines alone.
func TestTheStacksOfAnAbandonedContainerAreItsOwn(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: 2 * time.Second, Containers: []pod.Container{
		{Name: "one", Sidecar: sidecar.Func(sleeping)},
		{Name: "two", Sidecar: sidecar.Func(func(context.Context, *os.Root) error {
			for range 3 {
				go snoring()
			}
			return snoring()
		})},
		{Name: "main", Run: mainUntil},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		b.stop()
		one, two := b.status("one").Hanging, b.status("two").Hanging
		require.NotNil(t, one)
		require.NotNil(t, two)
		require.Contains(t, one.Stacks, "pod_test.sleeping")
		require.NotContains(t, one.Stacks, "snoring")
		require.Contains(t, two.Stacks, "pod_test.snoring")
		require.Contains(t, two.Stacks, "3 goroutines:", "grouped")
		require.NotContains(t, two.Stacks, "sleeping")
		time.Sleep(2 * time.Hour)
	})
}

func TestAProbesGoroutinesCarryTheContainersLabel(t *testing.T) {
	bubble(t, &pod.Pod{TerminationGracePeriod: 2 * time.Second, Containers: []pod.Container{
		{Name: "main", Run: asMain(sleeping), Liveness: &pod.Probe{Handler: pod.HandlerFunc(func(context.Context) error { return snoring() })}},
	}}, func(t *testing.T, b *running) {
		time.Sleep(time.Second)
		b.stop()
		require.Contains(t, b.status("main").Hanging.Stacks, "pod_test.snoring")
		time.Sleep(2 * time.Hour)
	})
}

func snoring() error {
	time.Sleep(time.Hour)
	return nil
}

func TestK39_TheTerminationMessageHasAtMost4096Bytes(t *testing.T) {
	long := make([]byte, 0, 10_000)
	for len(long) < 9_000 {
		long = append(long, "é"...)
	}
	bubble(t, &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main", Run: after(0, errors.New("x"+string(long)))},
	}}, func(t *testing.T, b *running) {
		require.Error(t, b.wait())
		message := b.pod.Status().Containers[0].State.Terminated.Message
		require.Len(t, message, 4095, "cut before the character that does not fit")
	})
}
