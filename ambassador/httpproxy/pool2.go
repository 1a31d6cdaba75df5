package httpproxy

import (
	"net"
	"net/http"
	"sync"
)

// An h2Pool has the connections to an endpoint that speaks HTTP/2. net/http takes a
// stream for open for some time after its last byte was read, so at the end the
// connections are closed from below it.
type h2Pool struct {
	transport *http.Transport

	mu    sync.Mutex
	conns map[*h2Conn]struct{}
}

type h2Conn struct {
	net.Conn
	pool *h2Pool
}

func (p *h2Pool) keep(c net.Conn) net.Conn {
	kept := &h2Conn{c, p}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[kept] = struct{}{}
	return kept
}

func (c *h2Conn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.conns, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *h2Conn) NetConn() net.Conn { return c.Conn }

// close closes what is idle, or all.
func (p *h2Pool) close(all bool) {
	if p == nil {
		return
	}
	p.transport.CloseIdleConnections()
	if !all {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Conn.Close()
	}
}
