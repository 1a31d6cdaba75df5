package podtest

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

type datagram struct {
	data []byte
	from place
}

// A packetConn is a packet connection. One that was dialled has a peer, and hears
// and is heard by nobody else.
type packetConn struct {
	network *Network
	at      place
	peer    place // zero: none

	mu      sync.Mutex
	changed sync.Cond
	queue   []datagram
	closed  bool
	reading deadline
	writing deadline
}

var (
	_ net.PacketConn = (*packetConn)(nil)
	_ net.Conn       = (*packetConn)(nil)
)

func newPacketConn(n *Network, at, peer place) *packetConn {
	c := &packetConn{network: n, at: at, peer: peer}
	c.changed.L = &c.mu
	return c
}

// push puts a datagram into the queue. It returns false where that is full.
func (c *packetConn) push(d datagram) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.queue) == datagrams || c.peer != (place{}) && c.peer != d.from {
		return false
	}
	c.queue = append(c.queue, d)
	c.changed.Broadcast()
	return true
}

// ReadFrom returns the next datagram, cut to the length of b.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, nil, c.error("read", net.ErrClosed)
		case c.reading.passed:
			return 0, nil, c.error("read", os.ErrDeadlineExceeded)
		case len(c.queue) > 0:
			d := c.queue[0]
			c.queue[0] = datagram{}
			c.queue = c.queue[1:]
			return copy(b, d.data), d.from.addr(), nil
		}
		c.changed.Wait()
	}
}

// WriteTo sends a datagram. It never waits.
func (c *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if c.peer != (place{}) {
		return 0, c.error("write", net.ErrWriteToConnected)
	}
	if addr == nil {
		return 0, c.error("write", failed("sendto", syscall.EDESTADDRREQ))
	}
	c.network.mu.Lock()
	to, err := c.network.placeLocked(addr.Network(), addr.String(), "udp")
	c.network.mu.Unlock()
	if err != nil {
		return 0, c.error("write", err)
	}
	return c.send(b, to.reached())
}

// Read is ReadFrom without the address.
func (c *packetConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFrom(b)
	return n, err
}

// Write sends a datagram to the peer.
func (c *packetConn) Write(b []byte) (int, error) {
	if c.peer == (place{}) {
		return 0, c.error("write", failed("write", syscall.EDESTADDRREQ))
	}
	return c.send(b, c.peer)
}

func (c *packetConn) send(b []byte, to place) (int, error) {
	c.mu.Lock()
	closed, late := c.closed, c.writing.passed
	c.mu.Unlock()
	switch {
	case closed:
		return 0, c.error("write", net.ErrClosed)
	case late:
		return 0, c.error("write", os.ErrDeadlineExceeded)
	case len(b) > datagramSize:
		return 0, c.error("write", failed("sendto", syscall.EMSGSIZE))
	}
	from := c.at
	if from.wildcard() {
		from = to.from(from.Port())
	}
	c.network.deliver(datagram{append([]byte(nil), b...), from}, to)
	return len(b), nil
}

// Close frees the address. Datagrams that were not read are lost.
func (c *packetConn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return c.error("close", net.ErrClosed)
	}
	c.closed = true
	c.reading.stop()
	c.writing.stop()
	c.queue = nil
	c.changed.Broadcast()
	c.mu.Unlock()
	c.network.forgetPacketConn(c)
	return nil
}

// LocalAddr is the address where the connection receives.
func (c *packetConn) LocalAddr() net.Addr { return c.at.addr() }

// RemoteAddr is the peer's address, nil where there is none.
func (c *packetConn) RemoteAddr() net.Addr {
	if c.peer == (place{}) {
		return nil
	}
	return c.peer.addr()
}

// SetDeadline sets both deadlines.
func (c *packetConn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.reading, &c.writing)
}

// SetReadDeadline makes ReadFrom return [os.ErrDeadlineExceeded] from t on. The
// zero time is none.
func (c *packetConn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.reading) }

// SetWriteDeadline does the same for WriteTo.
func (c *packetConn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writing) }

func (c *packetConn) setDeadlines(t time.Time, ds ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.error("set", net.ErrClosed)
	}
	for _, d := range ds {
		d.set(&c.changed, t)
	}
	return nil
}

func (c *packetConn) error(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
