package pod

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A ContainerError says which container's last run failed and how. Run returns
// all of them in one multierror; errors.As finds each, and errors.Is and
// errors.As see through to the container's own error.
type ContainerError struct {
	Container string // its name
	ExitCode  int    // 128 + signal for a Command that died of one; 137 where it was abandoned
	Reason    string // of the terminated state (K34): Error, Goexit, Abandoned, RunContainerError
	Err       error  // its own, or a PanicError or an AbandonedError
}

func (e *ContainerError) Error() string {
	return fmt.Sprintf("container %q: %s (exit code %d): %v", e.Container, e.Reason, e.ExitCode, e.Err)
}

// Unwrap returns the container's own error.
func (e *ContainerError) Unwrap() error { return e.Err }

// A PanicError is a panic in the goroutine that the pod started for a container.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked, as runtime/debug.Stack gives it
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// Unwrap returns the panic's value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// An AbandonedError is a run that did not return in time. It still runs; the pod
// has given it up.
type AbandonedError struct {
	After  time.Duration // how long it had after it was told to stop
	Stacks string        // its goroutines by stack, those that carry its pprof label
}

func (e *AbandonedError) Error() string {
	return fmt.Sprintf("did not return within %v after it was told to stop; its goroutines:\n%s", e.After, e.Stacks)
}

// ErrActiveDeadline is among the errors of a Run that ActiveDeadline has ended.
var ErrActiveDeadline = errors.New("the pod was active for longer than its deadline")

var errGoexit = errors.New("runtime.Goexit ended the run")

// A startError is what kept a run from beginning.
type startError struct{ err error }

func (e *startError) Error() string { return "can't be started: " + e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// An exit is how a run ended.
type exit struct {
	code    int
	reason  string
	err     error // nil with code 0
	message string
	failed  bool

	terminated *Terminated // as the status tells it
}

const messageLimit = 4096 // of the termination message (K39)

// Exit codes that Kubernetes and shells agree on.
const (
	codePanic      = 2
	codeAbandoned  = 137
	codeTerminated = 143
)

func failed(code int, reason string, err error) exit {
	return exit{code: code, reason: reason, err: err, message: shortened(err.Error()), failed: true}
}

// shortened is text as far as a message goes.
func shortened(text string) string {
	if len(text) <= messageLimit {
		return text
	}
	return strings.ToValidUTF8(text[:messageLimit], "")
}

// classify says how a run that returned err ended. Whether it stopped because it
// was told to is decided by its own context, never by the error alone: somebody
// else's deadline is a failure.
func classify(ctx context.Context, err error) exit {
	if err == nil || ctx.Err() != nil && isOf(ctx, err) {
		return exit{reason: ReasonCompleted}
	}
	switch ours := err.(type) { // not errors.As: a pod in this container may have returned it
	case *commandError:
		e := failed(ours.code, ReasonError, err)
		e.failed = !ours.asTold && ours.code != 0
		return e
	case *startError:
		return failed(128, ReasonRunContainerError, err)
	}
	code := 1
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		code = exitCode(coded)
	}
	if code == 0 {
		return exit{reason: ReasonCompleted, message: err.Error()}
	}
	return failed(code, ReasonError, err)
}

// isOf says whether err is ctx's own error and nothing else besides.
func isOf(ctx context.Context, err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return allOf(ctx, e.Unwrap())
	case interface{ WrappedErrors() []error }: // go-multierror
		return allOf(ctx, e.WrappedErrors())
	}
	if err == ctx.Err() || err == context.Cause(ctx) {
		return true
	}
	inner := errors.Unwrap(err)
	return inner != nil && isOf(ctx, inner)
}

func allOf(ctx context.Context, errs []error) bool {
	for _, err := range errs {
		if !isOf(ctx, err) {
			return false
		}
	}
	return len(errs) > 0
}
