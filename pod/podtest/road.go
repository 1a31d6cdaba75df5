package podtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A road is the way to one place and back, for all connections to it.
type road struct {
	network *Network
	cut     atomic.Bool

	mu    sync.Mutex
	conns map[*conn]struct{} // both ends of each, until they are closed
}

// Cut pulls the cable of what listens at address, which is written as a
// Container's Listen and as the Address in its status, until [Network.Restore].
// Nobody is told: who dials it waits until ctx ends, connections hang with what was
// sent after the cut, an end or a reset included, and the writer blocks when 64 KiB
// are on their way. Datagrams to it and from it are lost. What it dials itself is
// at another address, and goes on.
//
// An address without a host is the port of every host. One that can't be read
// panics.
func (n *Network) Cut(address string) {
	at := n.cutPlace(address)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cuts == nil {
		n.cuts = table[struct{}]{}
	}
	n.cuts[at] = struct{}{}
	for to, r := range n.roads {
		r.cut.Store(n.isCutLocked(to))
	}
}

// Restore plugs the cable in again that [Network.Cut] pulled: what has waited
// arrives, and what waits to dial goes on.
func (n *Network) Restore(address string) {
	at := n.cutPlace(address)
	n.mu.Lock()
	delete(n.cuts, at)
	for to, r := range n.roads {
		r.cut.Store(n.isCutLocked(to))
	}
	if n.mended != nil {
		close(n.mended)
		n.mended = nil
	}
	roads := slices.Collect(maps.Values(n.roads))
	n.mu.Unlock()
	for _, r := range roads {
		r.open()
	}
}

// cutPlace reads an address for Cut: both tcp and udp have the kind "" there.
func (n *Network) cutPlace(address string) place {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	at, err := n.placeLocked(network, address, network)
	if err != nil {
		panic(fmt.Sprintf("podtest: address %q: %v", address, err))
	}
	return at.anyKind()
}

func (p place) anyKind() place {
	if p.kind != "unix" {
		p.kind = ""
	}
	return p
}

func (n *Network) isCutLocked(p place) bool {
	_, cut := n.cuts.find(p.anyKind())
	return cut
}

func (n *Network) roadLocked(to place) *road {
	r := n.roads[to]
	if r == nil {
		r = &road{network: n, conns: map[*conn]struct{}{}}
		r.cut.Store(n.isCutLocked(to))
		if n.roads == nil {
			n.roads = map[place]*road{}
		}
		n.roads[to] = r
	}
	return r
}

// thereAndBack is how long a connection takes to be made.
func (n *Network) thereAndBack(ctx context.Context, r *road) error {
	for {
		n.mu.Lock()
		cut := r.cut.Load()
		if cut && n.mended == nil {
			n.mended = make(chan struct{})
		}
		mended := n.mended
		n.mu.Unlock()
		if !cut {
			break
		}
		select {
		case <-mended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p := n.pace.Load()
	if p == nil || p.latency <= 0 {
		return nil
	}
	select {
	case <-time.After(2 * p.latency):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *road) enter(conns ...*conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.conns[c] = struct{}{}
	}
}

func (r *road) leave(conns ...*conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		delete(r.conns, c)
	}
}

// open lets arrive what has waited.
func (r *road) open() {
	r.mu.Lock()
	conns := slices.Collect(maps.Keys(r.conns))
	r.mu.Unlock()
	for _, c := range conns {
		c.in.arrive()
		c.out.arrive() // its writers hear of the other end
	}
}
