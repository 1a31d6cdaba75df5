// Package sidecar holds the interface of the sidecar pattern: a helper that
// extends or enhances the main container through the files that both share, as
// a log collector beside a web server does.
//
// # Lifecycle
//
// A Sidecar follows the lifecycle contract that all three patterns have in
// common, in short:
//
//  1. Stop is ctx done. Run then takes no new work, finishes what it has taken,
//     and returns nil or the context's own error: both are a clean exit.
//  2. It drains under [sandbox.Grace], which ends when the pod kills the run.
//  3. Before ctx is done nil is Completed and an error is a failure; the error
//     says what failed and with what input.
//  4. Run can be called again after it returned. What must survive a restart is
//     in files under root.
//  5. A Sidecar that is not ready as soon as it runs has a method
//     Ready(context.Context) error, which blocks until this run is ready.
//  6. Nothing that it started is left behind when Run returns.
//
// package podpatterns has the contract in full, and podtest.TestSidecar puts an
// implementation through it.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
package sidecar

import (
	"context"
	"os"
)

// A Sidecar extends or enhances the main container through the files that both
// share.
type Sidecar interface {
	// Run works on the files under root until ctx is done, and drains then.
	// Relative paths in the implementation's own fields resolve in root.
	Run(ctx context.Context, root *os.Root) error
}

// Func makes an ordinary function a Sidecar.
type Func func(ctx context.Context, root *os.Root) error

var _ Sidecar = Func(nil)

// Run calls f(ctx, root).
func (f Func) Run(ctx context.Context, root *os.Root) error { return f(ctx, root) }
