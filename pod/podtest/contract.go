package podtest

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/sidecar"
)

// TestSidecar puts the values that new returns through the lifecycle contract,
// each rule in a subtest. They run on an empty directory that the harness writes
// log files to.
func TestSidecar(t *testing.T, new func() sidecar.Sidecar) {
	t.Helper()
	sidecarBlock(new).testAll(t)
}

// TestAmbassador puts the values that new returns through the lifecycle contract,
// each rule in a subtest. They serve on 127.0.0.1. What goes over a connection is
// known to the harness only where an HTTP request is answered or echoed: then it
// is tested that work under way is finished.
func TestAmbassador(t *testing.T, new func() ambassador.Ambassador) {
	t.Helper()
	ambassadorBlock(new).testAll(t)
}

// TestAdapter puts the values that new returns through the lifecycle contract,
// each rule in a subtest, as [TestSidecar] and [TestAmbassador] do. One that runs
// without a listener and accepts nothing when it has one is taken for an adapter
// that only pushes.
func TestAdapter(t *testing.T, new func() adapter.Adapter) {
	t.Helper()
	adapterBlock(new).testAll(t)
}

func sidecarBlock(new func() sidecar.Sidecar) *block {
	return &block{method: "Run", limits: usual, new: func() instance {
		s := new()
		return newInstance(s, func(ctx context.Context, root *os.Root, _ net.Listener) error {
			return s.Run(ctx, root)
		})
	}}
}

func ambassadorBlock(new func() ambassador.Ambassador) *block {
	return &block{method: "Serve", listens: true, limits: usual, new: func() instance {
		a := new()
		return newInstance(a, func(ctx context.Context, _ *os.Root, l net.Listener) error {
			return a.Serve(ctx, l)
		})
	}}
}

func adapterBlock(new func() adapter.Adapter) *block {
	return &block{method: "Adapt", adapter: true, listens: true, limits: usual, new: func() instance {
		a := new()
		return newInstance(a, a.Adapt)
	}}
}
