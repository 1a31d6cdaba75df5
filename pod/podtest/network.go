package podtest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	streamBuffer = 64 << 10 // bytes on their way, in each direction of a connection
	backlog      = 128      // connections that wait for Accept, per listener
	datagrams    = 256      // that wait for ReadFrom, per packet connection
	datagramSize = 65507    // what fits in a UDP datagram over IPv4
)

// A Network is a network in memory, for a whole pod in one test: everything that
// listens on it can be dialled through it and through nothing else. Its zero value
// is ready to use, and it must not be copied.
//
// It knows the networks tcp, udp and unix, and behaves as the loopback of Linux
// does, down to the errors: they are of type [*net.OpError], and an address in
// use, a refused and a reset connection are found by errors.Is as
// [syscall.EADDRINUSE], [syscall.ECONNREFUSED] and [syscall.ECONNRESET].
// localhost is 127.0.0.1, and any other name is a host of its own. Everything
// blocks durably in the sense of testing/synctest, so that a bubble's clock runs
// on; a bubble needs a Network of its own.
type Network struct {
	mu      sync.Mutex
	streams table[*listener]
	packets table[*packetConn]
	hosts   hosts
	port    uint16 // the last one that was given out
	roads   map[place]*road
	cuts    table[struct{}]
	mended  chan struct{} // closed by Restore, and then nil
	pace    atomic.Pointer[pace]
	dropped atomic.Int64
}

// Listen opens a listener for network "tcp" or "unix". It accepts connections into
// a backlog of 128 from now on; beyond that, who dials waits. Port 0 is a free
// port, and a path of a unix socket is a name like any other, no file. The
// listener has a method SetDeadline(time.Time) error, as those of package net.
func (n *Network) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, err := n.bindLocked(ctx, network, address, "tcp", "unix")
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	l := newListener(n, at)
	if err := bind(&n.streams, &n.port, &l.at, l); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at.addr(), Err: err}
	}
	return l, nil
}

// ListenPacket opens a packet connection for network "udp". It holds 256 datagrams
// that were not read yet; see [Network.Dropped].
func (n *Network) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, err := n.bindLocked(ctx, network, address, "udp")
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	c := newPacketConn(n, at, place{})
	if err := bind(&n.packets, &n.port, &c.at, c); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at.addr(), Err: err}
	}
	return c, nil
}

// DialContext connects to what listens at address. A listener whose backlog is
// full makes it wait until ctx ends. Stream connections hold 64 KiB each way, have
// CloseRead, CloseWrite and SetLinger, and are reset by a Close with data unread.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, to, err := n.dial(ctx, network, address)
	if err != nil {
		e := &net.OpError{Op: "dial", Net: network, Err: err}
		if to != (place{}) {
			e.Addr = to.addr()
		}
		return nil, e
	}
	return c, nil
}

func (n *Network) dial(ctx context.Context, network, address string) (net.Conn, place, error) {
	n.mu.Lock()
	to, err := n.placeLocked(network, address, "tcp", "unix", "udp")
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		n.mu.Unlock()
		return nil, to, err
	}
	to = to.reached()
	r := n.roadLocked(to)
	if to.kind == "udp" {
		defer n.mu.Unlock()
		c := newPacketConn(n, to.from(0), to)
		return c, to, bind(&n.packets, &n.port, &c.at, c)
	}
	n.mu.Unlock()
	if err := n.thereAndBack(ctx, r); err != nil {
		return nil, to, err
	}
	n.mu.Lock()
	l, found := n.streams.find(to)
	from := to.from(n.ephemeralLocked())
	n.mu.Unlock()
	if !found {
		return nil, to, failed("connect", syscall.ECONNREFUSED)
	}
	client, server := newConns(r, from.addr(), to.addr())
	if err := l.push(ctx, server); err != nil {
		r.leave(client, server)
		return nil, to, err
	}
	return client, to, nil
}

// Dropped returns how many datagrams were lost so far, because the queue of their
// receiver was full, because there was none, or by [Network.Cut].
func (n *Network) Dropped() int64 { return n.dropped.Load() }

func (n *Network) bindLocked(ctx context.Context, network, address string, kinds ...string) (place, error) {
	if err := ctx.Err(); err != nil {
		return place{}, err
	}
	return n.placeLocked(network, address, kinds...)
}

func (n *Network) ephemeralLocked() uint16 {
	n.port = nextPort(n.port)
	return n.port
}

func (n *Network) forgetListener(l *listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.streams, l.at)
}

func (n *Network) forgetPacketConn(c *packetConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.packets, c.at)
}

// deliver sends a datagram on its way, and counts it if it does not arrive.
func (n *Network) deliver(d datagram, to place) {
	n.mu.Lock()
	cut := n.isCutLocked(to) || n.isCutLocked(d.from)
	n.mu.Unlock()
	if p := n.pace.Load(); p != nil && p.latency > 0 && !cut {
		time.AfterFunc(p.latency, func() { n.arrive(d, to) })
		return
	}
	if cut {
		n.dropped.Add(1)
		return
	}
	n.arrive(d, to)
}

func (n *Network) arrive(d datagram, to place) {
	n.mu.Lock()
	c, found := n.packets.find(to)
	n.mu.Unlock()
	if !found || !c.push(d) {
		n.dropped.Add(1)
	}
}
