package podtest

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A listener is the backlog of one address.
type listener struct {
	network *Network
	at      place

	mu       sync.Mutex
	changed  sync.Cond
	waiting  []*conn
	closed   bool
	deadline deadline
}

var _ net.Listener = (*listener)(nil)

func newListener(n *Network, at place) *listener {
	l := &listener{network: n, at: at}
	l.changed.L = &l.mu
	return l
}

// push puts a connection into the backlog.
func (l *listener) push(ctx context.Context, c *conn) error {
	defer context.AfterFunc(ctx, l.wake)()
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return failed("connect", syscall.ECONNREFUSED)
		case ctx.Err() != nil:
			return ctx.Err()
		case len(l.waiting) < backlog:
			l.waiting = append(l.waiting, c)
			l.changed.Broadcast()
			return nil
		}
		l.changed.Wait()
	}
}

func (l *listener) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.Broadcast()
}

// Accept returns the connection that has waited longest.
func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, l.error("accept", net.ErrClosed)
		case l.deadline.passed:
			return nil, l.error("accept", os.ErrDeadlineExceeded)
		case len(l.waiting) > 0:
			c := l.waiting[0]
			l.waiting[0] = nil
			l.waiting = l.waiting[1:]
			l.changed.Broadcast()
			return c, nil
		}
		l.changed.Wait()
	}
}

// Close frees the address, and resets the connections in the backlog.
func (l *listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return l.error("close", net.ErrClosed)
	}
	l.closed = true
	l.deadline.stop()
	waiting := l.waiting
	l.waiting = nil
	l.changed.Broadcast()
	l.mu.Unlock()
	l.network.forgetListener(l)
	for _, c := range waiting {
		c.abort()
	}
	return nil
}

// Addr is where the listener is reached.
func (l *listener) Addr() net.Addr { return l.at.addr() }

// SetDeadline makes Accept return [os.ErrDeadlineExceeded] from t on. The zero
// time is none.
func (l *listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.error("set", net.ErrClosed)
	}
	l.deadline.set(&l.changed, t)
	return nil
}

func (l *listener) error(op string, err error) error {
	a := l.Addr()
	return &net.OpError{Op: op, Net: a.Network(), Addr: a, Err: err}
}

// failed is an error of the kernel's, from the system call that would have
// returned it.
func failed(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
