package pod

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A socket is a listener that the pod holds from its start to its end. Each run
// of the container gets a lease on it; between two leases connections wait in
// the backlog, so that none is refused.
type socket struct {
	base      deadlineListener
	container string
	hold      time.Duration // how long connections wait without a lease
	closed    chan struct{}

	mu      sync.Mutex
	current *lease     // the lease that is out; also the pod's own, which resets
	stashed []net.Conn // accepted when their lease ended, for the next one
	timer   *time.Timer
}

func newSocket(base deadlineListener, container string, hold time.Duration) *socket {
	s := &socket{base: base, container: container, hold: hold, closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitLocked()
	return s
}

// lease ends the lease that is out, the pod's own included, and returns a new one.
func (s *socket) lease() *lease {
	for {
		s.mu.Lock()
		old := s.current
		if old == nil {
			defer s.mu.Unlock()
			s.timer.Stop()
			return s.outLocked()
		}
		s.mu.Unlock()
		old.Close()
	}
}

func (s *socket) outLocked() *lease {
	s.current = &lease{socket: s, ended: make(chan struct{})}
	s.base.SetDeadline(time.Time{})
	return s.current
}

// out says whether a run has a lease.
func (s *socket) out() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current != nil && !s.current.resets
}

// waitLocked begins the time without a lease.
func (s *socket) waitLocked() {
	s.timer = time.AfterFunc(s.hold, s.reset)
}

// reset accepts and resets connections until the next lease.
func (s *socket) reset() {
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return
	default:
	}
	if s.current != nil {
		s.mu.Unlock()
		return
	}
	l := s.outLocked()
	l.resets = true
	s.mu.Unlock()
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			resetConn(c)
		case errors.Is(err, net.ErrClosed):
			return
		default: // as EMFILE: the next connection may do better
			select {
			case <-l.ended:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

func resetConn(c net.Conn) {
	if tcp, ok := c.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

// close gives the address back.
func (s *socket) close() error {
	s.mu.Lock()
	close(s.closed)
	s.timer.Stop()
	current := s.current
	s.mu.Unlock()
	if current != nil {
		current.Close()
	}
	s.resetStashed()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	return s.base.Close()
}

// A lease is the listener of one run. Closing it leaves the socket open.
type lease struct {
	socket *socket
	resets bool
	ended  chan struct{}

	mu        sync.Mutex
	closing   bool
	accepting sync.WaitGroup
}

var _ net.Listener = (*lease)(nil)

// Accept waits for the next connection. One that arrives as the lease ends is
// kept for the next lease.
func (l *lease) Accept() (net.Conn, error) {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return nil, l.error()
	}
	l.accepting.Add(1)
	l.mu.Unlock()
	defer l.accepting.Done()

	s := l.socket
	if c := s.unstash(); c != nil {
		return c, nil
	}
	c, err := s.base.Accept()
	l.mu.Lock()
	closing := l.closing
	l.mu.Unlock()
	if !closing {
		return c, err
	}
	if err == nil {
		s.stash(c)
	}
	return nil, l.error()
}

func (l *lease) error() error {
	a := l.Addr()
	return &net.OpError{Op: "accept", Net: a.Network(), Addr: a, Err: net.ErrClosed}
}

func (s *socket) stash(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stashed = append(s.stashed, c)
}

func (s *socket) unstash() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stashed) == 0 {
		return nil
	}
	c := s.stashed[0]
	s.stashed = s.stashed[1:]
	return c
}

func (s *socket) resetStashed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.stashed {
		resetConn(c)
	}
	s.stashed = nil
}

// Close ends the lease: Accept returns [net.ErrClosed], the socket stays open,
// and what connects waits for the next run.
func (l *lease) Close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		<-l.ended
		return l.error()
	}
	l.closing = true
	l.mu.Unlock()

	s := l.socket
	s.base.SetDeadline(time.Unix(1, 0)) // wakes Accept
	l.accepting.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
	s.waitLocked()
	close(l.ended)
	return nil
}

// Addr is the socket's address.
func (l *lease) Addr() net.Addr { return l.socket.base.Addr() }

// String names the lease in logs.
func (l *lease) String() string {
	return fmt.Sprintf("lease of %s on %v", l.socket.container, l.Addr())
}
