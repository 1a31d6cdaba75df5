package podtest

import (
	"net"
	"sync"
	"syscall"
)

// A lease is the listener of one run, as a pod's: no more than a net.Listener. It
// remembers what was accepted and when it was closed. The connections are the real
// ones, because blocks look for what a *net.TCPConn can do.
type lease struct {
	net.Listener
	closed chan struct{}
	close  func()

	mu       sync.Mutex
	arrivals map[string]chan struct{} // by the client's address, closed when accepted
	accepted []net.Conn
}

func (t *trial) listen() *lease {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	return &lease{
		Listener: l,
		closed:   closed,
		close:    sync.OnceFunc(func() { close(closed) }),
		arrivals: map[string]chan struct{}{},
	}
}

// Accept notes what it returns.
func (l *lease) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.accepted = append(l.accepted, c)
		if a := l.arrivalLocked(c.RemoteAddr()); !isDone(a) { // else the kernel gave a port twice
			close(a)
		}
	}
	return c, err
}

// Close notes that it was called.
func (l *lease) Close() error {
	l.close()
	return l.Listener.Close()
}

// arrival is closed when c, a client's end, was accepted.
func (l *lease) arrival(c net.Conn) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.arrivalLocked(c.LocalAddr())
}

func (l *lease) arrivalLocked(client net.Addr) chan struct{} {
	a := l.arrivals[client.String()]
	if a == nil {
		a = make(chan struct{})
		l.arrivals[client.String()] = a
	}
	return a
}

// open returns the clients' addresses of the connections that were accepted and
// not closed.
func (l *lease) open() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var open []string
	for _, c := range l.accepted {
		if !isClosed(c) {
			open = append(open, c.RemoteAddr().String())
		}
	}
	return open
}

// isClosed asks for c's descriptor, which a closed connection has no more.
func isClosed(c net.Conn) bool {
	raw, err := c.(syscall.Conn).SyscallConn()
	return err != nil || raw.Control(func(uintptr) {}) != nil
}
