// Package adapter holds the interface of the adapter pattern: a helper that
// presents the main container's output in a standard form, so that a monitor
// reads every pod in one shape whatever the main container prints.
//
// # Lifecycle
//
// An Adapter follows the lifecycle contract that all three patterns have in
// common, in short:
//
//  1. Stop is ctx done. Adapt then closes l, before it waits for anything,
//     finishes the requests it has taken, and returns nil or the context's own
//     error: both are a clean exit.
//  2. It drains under [sandbox.Grace], which ends when the pod kills the run.
//  3. Before ctx is done nil is Completed and an error is a failure; the error
//     says what failed and with what input.
//  4. Adapt can be called again after it returned. What must survive a restart
//     is in files under root.
//  5. An Adapter that is not ready as soon as it runs has a method
//     Ready(context.Context) error, which blocks until this run is ready.
//  6. Nothing that it started is left behind when Adapt returns.
//
// package podpatterns has the contract in full, and podtest.TestAdapter puts an
// implementation through it.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
package adapter

import (
	"context"
	"net"
	"os"
)

// An Adapter presents the main container's output, read from the files under
// root and from its ports, in a standard form on l.
type Adapter interface {
	// Adapt serves on l until ctx is done, closes l and drains then. l is nil
	// where the container listens nowhere, as one that only pushes. Relative
	// paths in the implementation's own fields resolve in root.
	Adapt(ctx context.Context, root *os.Root, l net.Listener) error
}

// Func makes an ordinary function an Adapter.
type Func func(ctx context.Context, root *os.Root, l net.Listener) error

var _ Adapter = Func(nil)

// Adapt calls f(ctx, root, l).
func (f Func) Adapt(ctx context.Context, root *os.Root, l net.Listener) error { return f(ctx, root, l) }
