package podtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// An around does something around a run of a container; next is the run itself,
// number which one it is.
type around func(ctx context.Context, number int, next func(context.Context) error) error

// A numberKey is where the context has the number of a container's run. Of several
// wrappers the outermost one counts: an inner one does not see all runs.
type numberKey struct{ container string }

// wrap returns c with f called for every run. The block has Ready as before, or
// none: it would be gated by one that it never had.
func wrap(fault string, c pod.Container, f around) pod.Container {
	var runs atomic.Int64
	around := func(ctx context.Context, next func(context.Context) error) error {
		n := int(runs.Add(1))
		if outermost, ok := ctx.Value(numberKey{c.Name}).(int); ok {
			n = outermost
		}
		return f(context.WithValue(ctx, numberKey{c.Name}, n), n, next)
	}
	switch {
	case c.Command != nil:
		panic(fmt.Sprintf("podtest.%s: container %q is a Command: what a process of its own does can't be changed", fault, c.Name))
	case c.Sidecar != nil:
		block := c.Sidecar
		c.Sidecar = sidecar.Func(func(ctx context.Context, root *os.Root) error {
			return around(ctx, func(ctx context.Context) error { return block.Run(ctx, root) })
		})
		return withReady(c, block)
	case c.Ambassador != nil:
		block := c.Ambassador
		c.Ambassador = ambassador.Func(func(ctx context.Context, l net.Listener) error {
			return around(ctx, func(ctx context.Context) error { return block.Serve(ctx, l) })
		})
		return withReady(c, block)
	case c.Adapter != nil:
		block := c.Adapter
		c.Adapter = adapter.Func(func(ctx context.Context, root *os.Root, l net.Listener) error {
			return around(ctx, func(ctx context.Context) error { return block.Adapt(ctx, root, l) })
		})
		return withReady(c, block)
	case c.Run != nil:
		run := c.Run
		c.Run = func(ctx context.Context, env pod.Env) error {
			return around(ctx, func(ctx context.Context) error { return run(ctx, env) })
		}
		return c
	}
	panic(fmt.Sprintf("podtest.%s: container %q has nothing that runs", fault, c.Name))
}

// A readier is a block that is not ready as soon as it runs.
type readier interface {
	Ready(ctx context.Context) error
}

// readyBy makes a function a readier.
type readyBy func(ctx context.Context) error

// Ready calls f.
func (f readyBy) Ready(ctx context.Context) error { return f(ctx) }

type (
	readySidecar struct {
		sidecar.Sidecar
		readier
	}
	readyAmbassador struct {
		ambassador.Ambassador
		readier
	}
	readyAdapter struct {
		adapter.Adapter
		readier
	}
)

// withReady gives the helper c the Ready of from, if that has one.
func withReady(c pod.Container, from any) pod.Container {
	ready, ok := from.(readier)
	switch {
	case !ok:
	case c.Sidecar != nil:
		c.Sidecar = readySidecar{c.Sidecar, ready}
	case c.Ambassador != nil:
		c.Ambassador = readyAmbassador{c.Ambassador, ready}
	case c.Adapter != nil:
		c.Adapter = readyAdapter{c.Adapter, ready}
	}
	return c
}

// blockOf returns the helper's block, nil for a Run or a Command.
func blockOf(c pod.Container) any {
	switch {
	case c.Sidecar != nil:
		return c.Sidecar
	case c.Ambassador != nil:
		return c.Ambassador
	case c.Adapter != nil:
		return c.Adapter
	}
	return nil
}
