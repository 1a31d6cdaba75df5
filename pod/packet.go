package pod

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// packets are the packet sockets that the pod holds over its containers'
// restarts, by container, network and address.
type packets struct {
	network Network
	mu      sync.Mutex
	held    map[string]*packetSocket
	closed  bool
}

type packetSocket struct {
	base net.PacketConn
	out  *packetLease
}

// listen returns a lease on the container's socket for network and address, which
// it opens the first time.
func (p *packets) listen(ctx context.Context, container, network, address string) (net.PacketConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("listen %s %s: the pod has ended: %w", network, address, net.ErrClosed)
	}
	key := container + " " + network + " " + address
	s := p.held[key]
	if s == nil {
		base, err := p.network.ListenPacket(ctx, network, address)
		if err != nil {
			return nil, err
		}
		s = &packetSocket{base: base}
		if p.held == nil {
			p.held = map[string]*packetSocket{}
		}
		p.held[key] = s
	}
	if s.out != nil {
		return nil, fmt.Errorf("listen %s %s: container %q has it open already", network, address, container)
	}
	s.base.SetDeadline(time.Time{})
	s.out = &packetLease{PacketConn: s.base, holder: p, socket: s, container: container}
	return s.out, nil
}

// listener is the ListenPacket of a container's sandbox.
func (p *packets) listener(container string) func(ctx context.Context, network, address string) (net.PacketConn, error) {
	return func(ctx context.Context, network, address string) (net.PacketConn, error) {
		return p.listen(ctx, container, network, address)
	}
}

// end closes what a run of the container left open.
func (p *packets) end(container string) {
	p.mu.Lock()
	var left []*packetLease
	for _, s := range p.held {
		if s.out != nil && s.out.container == container {
			left = append(left, s.out)
		}
	}
	p.mu.Unlock()
	for _, l := range left {
		l.Close()
	}
}

func (p *packets) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.held {
		s.base.Close()
	}
}

// A packetLease is the packet connection of one run. Closing it leaves the
// socket open.
type packetLease struct {
	net.PacketConn
	holder    *packets
	socket    *packetSocket
	container string

	mu      sync.Mutex
	closing bool
	busy    sync.WaitGroup
}

func (l *packetLease) enter(op string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return l.error(op)
	}
	l.busy.Add(1)
	return nil
}

func (l *packetLease) error(op string) error {
	a := l.LocalAddr()
	return &net.OpError{Op: op, Net: a.Network(), Addr: a, Err: net.ErrClosed}
}

func (l *packetLease) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

func (l *packetLease) ReadFrom(b []byte) (int, net.Addr, error) {
	if err := l.enter("read"); err != nil {
		return 0, nil, err
	}
	defer l.busy.Done()
	n, addr, err := l.PacketConn.ReadFrom(b)
	if err != nil && l.ended() {
		err = l.error("read")
	}
	return n, addr, err
}

func (l *packetLease) WriteTo(b []byte, addr net.Addr) (int, error) {
	if err := l.enter("write"); err != nil {
		return 0, err
	}
	defer l.busy.Done()
	n, err := l.PacketConn.WriteTo(b, addr)
	if err != nil && l.ended() {
		err = l.error("write")
	}
	return n, err
}

// Close gives the socket back to the pod.
func (l *packetLease) Close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return l.error("close")
	}
	l.closing = true
	l.mu.Unlock()
	l.PacketConn.SetDeadline(time.Unix(1, 0)) // wakes what is blocked in it
	l.busy.Wait()
	l.holder.mu.Lock()
	defer l.holder.mu.Unlock()
	l.socket.out = nil
	return nil
}

// Unwrap returns the socket itself, for its options such as the receive buffer.
// Its Close must not be called.
func (l *packetLease) Unwrap() net.PacketConn { return l.PacketConn }
