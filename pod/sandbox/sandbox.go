// Package sandbox is what a container sees of the pod around it: the grace
// period to drain under, a logger with its name, the pod's network, and the
// other containers' addresses and processes. It travels in the context, and
// outside a pod each function falls back to the machine's own, so that a
// building block works in any program with nothing but a context.
//
// A block that keeps the lifecycle contract looks like this:
//
//	func (b *Block) Serve(ctx context.Context, l net.Listener) error {
//		grace, cancel := sandbox.Grace(ctx) // first of all: it counts from ctx done
//		defer cancel()
//		… accept from l until ctx is done
//		l.Close()                           // ends the lease, not the socket
//		… finish what was accepted, until grace is done
//		return nil
//	}
//
// For net/http, [ServeHTTP] is all of that.
//
// A [Sandbox] is made by a supervisor or a test; blocks never need one.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"
)

// DefaultGrace is the grace period outside a pod, and of a pod that states none.
const DefaultGrace = 30 * time.Second

// ErrUnknown is what [Addr] and [Process] return, wrapped with the container's
// name, for a container that the pod does not have, that listens nowhere, that
// does not run now, or where there is no pod at all.
var ErrUnknown = errors.New("sandbox: not known")

// A Sandbox is what surrounds one run of one container. Each nil field falls
// back to the machine's own, so the zero value is what a block sees outside a
// pod. It must not be changed once [Sandbox.Context] was called.
type Sandbox struct {
	Logger *slog.Logger  // nil: slog.Default()
	Root   *os.Root      // nil: the container shares no files
	Grace  time.Duration // how long a drain may take after ctx is done; 0 or less: DefaultGrace

	// Killed is done when this run has no time left to drain, at the latest.
	// nil: never before Grace has passed.
	Killed context.Context

	// Dial is what [Dial] does. nil: as [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// ListenPacket is what [ListenPacket] does. nil: as
	// [net.ListenConfig.ListenPacket].
	ListenPacket func(ctx context.Context, network, address string) (net.PacketConn, error)

	// Addr is what [Addr] does. nil: no container is known.
	Addr func(ctx context.Context, container string) (net.Addr, error)

	// Process is what [Process] does. nil: no container is known.
	Process func(ctx context.Context, container string) (int, error)
}

type contextKey struct{}

// Context returns a context derived from parent that carries s.
func (s *Sandbox) Context(parent context.Context) context.Context {
	return context.WithValue(parent, contextKey{}, s)
}

// From returns the sandbox that ctx carries, nil outside a pod. A supervisor
// that runs inside a container finds the surroundings of its own there.
func From(ctx context.Context) *Sandbox {
	s, _ := ctx.Value(contextKey{}).(*Sandbox)
	return s
}

var outside Sandbox

func of(ctx context.Context) *Sandbox {
	if s := From(ctx); s != nil {
		return s
	}
	return &outside
}

// Logger returns the container's logger, which adds its name to each record;
// outside a pod, [slog.Default].
func Logger(ctx context.Context) *slog.Logger {
	if l := of(ctx).Logger; l != nil {
		return l
	}
	return slog.Default()
}

// Root returns the container's view of the files that the pod shares. It is
// closed when the container's run has returned. nil outside a pod.
func Root(ctx context.Context) *os.Root { return of(ctx).Root }

// Dial connects through the pod's network; outside a pod, as [net.Dialer] does.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if dial := of(ctx).Dial; dial != nil {
		return dial(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// ListenPacket opens a packet socket on the pod's network. The pod holds it over
// restarts of the container: Close gives it back, what arrives meanwhile waits
// in its buffer, and the container's next run is given the same socket for the
// same network and address. Outside a pod it is [net.ListenConfig.ListenPacket].
func ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	if listen := of(ctx).ListenPacket; listen != nil {
		return listen(ctx, network, address)
	}
	var lc net.ListenConfig
	return lc.ListenPacket(ctx, network, address)
}

// Addr returns where another container of the pod listens. It does not wait: a
// container that listens nowhere, or nowhere yet, is an error that wraps
// [ErrUnknown].
func Addr(ctx context.Context, container string) (net.Addr, error) {
	if addr := of(ctx).Addr; addr != nil {
		return addr(ctx, container)
	}
	return nil, fmt.Errorf("%w: address of container %q outside a pod", ErrUnknown, container)
}

// Process returns the process id of another container's current run: the
// child's for a command, this whole process for one that runs as a goroutine. It
// does not wait: a container that does not run now is an error that wraps
// [ErrUnknown].
func Process(ctx context.Context, container string) (int, error) {
	if process := of(ctx).Process; process != nil {
		return process(ctx, container)
	}
	return 0, fmt.Errorf("%w: process of container %q outside a pod", ErrUnknown, container)
}
