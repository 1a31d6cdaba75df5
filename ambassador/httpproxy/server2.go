package httpproxy

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/internal/peeked"
)

// A server2 serves the connections that speak HTTP/2, by net/http.
type server2 struct {
	run  *run
	http *http.Server
	l    handedOver

	mu      sync.Mutex
	started bool
	done    chan struct{}
	ended   map[net.Conn]chan struct{} // closed when the connection is
}

func newServer2(r *run, addr net.Addr) *server2 {
	s := &server2{
		run: r, done: make(chan struct{}), ended: map[net.Conn]chan struct{}{},
		l: handedOver{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})},
	}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	p := r.proxy
	s.http = &http.Server{
		Handler: p, Protocols: &protocols, BaseContext: func(net.Listener) context.Context { return r.base },
		MaxHeaderBytes: p.maxHeader(), ReadHeaderTimeout: p.headerTimeout(), IdleTimeout: p.idle(),
		ErrorLog:  slog.NewLogLogger(r.log.Handler(), slog.LevelDebug),
		ConnState: s.state,
	}
	return s
}

// take serves c until it ends. It calls taken when shutdown can tell c so.
func (s *server2) take(c *client, taken func()) {
	c.phase.Store(busy)
	defer c.close()
	c.Conn.SetDeadline(time.Time{})
	conn := c.Conn
	if ahead := c.ahead(); len(ahead) > 0 {
		conn = &peeked.Conn{Conn: c.Conn, Ahead: append([]byte(nil), ahead...)}
	}
	c.release()
	ended := make(chan struct{})
	s.mu.Lock()
	s.ended[conn] = ended
	if !s.started {
		s.started = true
		go s.serve()
	}
	s.mu.Unlock()
	select {
	case s.l.conns <- conn:
		taken()
		<-ended
	case <-s.l.closed:
	}
}

func (s *server2) serve() {
	defer close(s.done)
	s.http.Serve(&s.l)
}

func (s *server2) state(c net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ended, ok := s.ended[c]; ok {
		close(ended)
		delete(s.ended, c)
	}
}

// shutdown sends GOAWAY and waits for the streams there are.
func (s *server2) shutdown(grace context.Context) {
	s.http.Shutdown(grace)
	s.mu.Lock()
	started := s.started
	s.started = true // none is taken any more
	s.mu.Unlock()
	if started {
		<-s.done
	}
}

func (s *server2) cut() { s.http.Close() }

// A handedOver listener accepts the connections of another one that turned out to
// speak HTTP/2.
type handedOver struct {
	addr   net.Addr
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *handedOver) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *handedOver) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *handedOver) Addr() net.Addr { return l.addr }
