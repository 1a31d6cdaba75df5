package httpproxy

import (
	"net"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// An upConn is a connection to an endpoint.
type upConn struct {
	wire
	pool  *pool
	since time.Time
	probe prober

	resting chan error // what came of reading it while it was idle; nil: nobody reads
}

// A pool has the idle connections to an endpoint, for one stay of it in the set,
// which is what Gone is one channel for.
type pool struct {
	of   *pools
	gone <-chan struct{}
	idle []*upConn // the one used last is used next
	h2   *h2Pool
}

// pools are those of all endpoints. Its zero value is ready to use.
type pools struct {
	mu    sync.Mutex
	all   map[<-chan struct{}]*pool
	idle  int
	sweep *time.Timer // runs while there are idle connections
	limit time.Duration
}

// get returns the pool of the endpoint, and an idle connection if there is one.
func (ps *pools) get(l *upstream.Lease) (*pool, *upConn) {
	gone := l.Gone()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.all[gone]
	if p == nil {
		if ps.all == nil {
			ps.all = map[<-chan struct{}]*pool{}
		}
		p = &pool{of: ps, gone: gone}
		ps.all[gone] = p
	}
	n := len(p.idle)
	if n == 0 {
		return p, nil
	}
	c := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	ps.idle--
	return p, c
}

// put keeps c for the next request, if it is to be kept. It has no buffer then.
func (ps *pools) put(c *upConn, most int, limit time.Duration) {
	c.release()
	c.rest()
	now := time.Now()
	ps.mu.Lock()
	p := c.pool
	if len(p.idle) >= most || isClosed(p.gone) || ps.all[p.gone] != p {
		ps.mu.Unlock()
		c.Close()
		return
	}
	c.since = now
	p.idle = append(p.idle, c)
	ps.idle++
	ps.limit = limit
	if ps.sweep == nil {
		ps.sweep = time.AfterFunc(sweepEvery(limit), ps.clean)
	}
	ps.mu.Unlock()
}

// sweepEvery is how late a connection that is idle for too long, or whose endpoint
// is gone, may be closed.
func sweepEvery(limit time.Duration) time.Duration { return min(limit/4+1, time.Second) }

// clean closes what is idle for too long, and what is of endpoints that are gone.
func (ps *pools) clean() {
	now := time.Now()
	var old []*upConn
	ps.mu.Lock()
	for gone, p := range ps.all {
		n := 0
		if isClosed(gone) {
			n = len(p.idle)
			delete(ps.all, gone)
			p.h2.close(false)
		}
		for n < len(p.idle) && now.Sub(p.idle[n].since) >= ps.limit {
			n++
		}
		old = append(old, p.idle[:n]...)
		p.idle = append(p.idle[:0], p.idle[n:]...)
		clear(p.idle[len(p.idle):cap(p.idle)])
	}
	ps.idle -= len(old)
	if ps.idle > 0 {
		ps.sweep.Reset(sweepEvery(ps.limit))
	} else {
		ps.sweep = nil
	}
	ps.mu.Unlock()
	closeAll(old)
}

// close closes all that are idle, and in HTTP/2 all there are if nothing is under
// way any more.
func (ps *pools) close(over bool) {
	var old []*upConn
	ps.mu.Lock()
	for _, p := range ps.all {
		old = append(old, p.idle...)
		p.h2.close(over)
	}
	clear(ps.all)
	ps.idle = 0
	if ps.sweep != nil {
		ps.sweep.Stop()
		ps.sweep = nil
	}
	ps.mu.Unlock()
	closeAll(old)
}

func closeAll(conns []*upConn) {
	for _, c := range conns {
		c.Close()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// lowest returns the connection at the bottom of c.
func lowest(c net.Conn) net.Conn {
	for {
		u, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = u.NetConn()
	}
}
