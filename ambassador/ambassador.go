// Package ambassador holds the interface of the ambassador pattern: a helper
// that takes over the main container's network connections, as a proxy does, so
// that the main container only ever talks to localhost.
//
// # Lifecycle
//
// An Ambassador follows the lifecycle contract that all three patterns have in
// common, in short:
//
//  1. Stop is ctx done. Serve then closes l, before it waits for anything,
//     finishes the connections it has accepted, and returns nil or the
//     context's own error: both are a clean exit. Under a pod, closing l ends a
//     lease and not the socket: what connects meanwhile waits for the next run.
//  2. It drains under [sandbox.Grace], which ends when the pod kills the run.
//  3. Before ctx is done nil is Completed and an error is a failure; the error
//     says what failed and with what input.
//  4. Serve can be called again after it returned, with another listener.
//  5. An Ambassador that is not ready as soon as it runs has a method
//     Ready(context.Context) error, which blocks until this run is ready.
//  6. Nothing that it started is left behind when Serve returns.
//
// package podpatterns has the contract in full, and podtest.TestAmbassador puts
// an implementation through it.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
package ambassador

import (
	"context"
	"net"
)

// An Ambassador takes over the main container's network connections: it answers
// those accepted from l.
type Ambassador interface {
	// Serve answers the connections accepted from l until ctx is done, closes l
	// and drains then. It dials through the sandbox.
	Serve(ctx context.Context, l net.Listener) error
}

// Func makes an ordinary function an Ambassador.
type Func func(ctx context.Context, l net.Listener) error

var _ Ambassador = Func(nil)

// Serve calls f(ctx, l).
func (f Func) Serve(ctx context.Context, l net.Listener) error { return f(ctx, l) }
