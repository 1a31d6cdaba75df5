package httpproxy

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A client is a connection whose requests are HTTP/1.
type client struct {
	wire
	run    *run
	secure bool
	ctx    context.Context // ends when the client has left, or has to
	cancel context.CancelFunc

	phase    atomic.Int32 // for the drain
	deadline time.Time    // of reading
	requests int
	closing  bool // after this answer
	broken   bool // nothing that comes from it is looked at any more
	reset    bool // it has to learn that its answer is not whole
	tunnel   bool // it is no longer HTTP

	watch watch
	mu    sync.Mutex
	x     *exchange // what is to be ended when the client leaves
}

// The phases of a client.
const (
	fresh   int32 = iota // nothing has come yet
	reading              // a head
	busy                 // with a request
	idle                 // between two
)

func newClient(r *run, conn net.Conn, secure bool) *client {
	c := &client{wire: wire{Conn: conn}, run: r, secure: secure}
	c.ctx, c.cancel = context.WithCancel(r.base)
	return c
}

// serve answers requests until the connection ends.
func (c *client) serve() {
	defer c.close()
	for c.next() {
		c.requests++
		c.phase.Store(busy)
		x := exchanges.Get().(*exchange)
		c.answer(x)
		x.reset()
		exchanges.Put(x)
		if c.closing || c.tunnel {
			return
		}
		c.phase.Store(idle)
		if c.r == c.w {
			c.release()
		}
	}
}

// next waits for the first bytes of a request. It returns false if none come.
func (c *client) next() bool {
	if c.r < c.w {
		c.phase.Store(reading)
		return true // pipelined
	}
	p := c.run.proxy
	limit := p.idle()
	if c.requests == 0 {
		limit = p.headerTimeout()
	}
	// A deadline costs as much as a system call, so it is moved only when it is off
	// by an eighth.
	if now := time.Now(); c.deadline.IsZero() || c.deadline.Sub(now) < limit-limit/8 || c.deadline.Sub(now) > limit {
		c.setReadDeadline(now.Add(limit))
	}
	for {
		if c.run.draining.Load() && !c.mayStillSend() {
			return false
		}
		err := c.fill()
		if err == nil {
			c.mu.Lock() // a drain moves the deadline of no other phase
			c.phase.Store(reading)
			c.mu.Unlock()
			return true
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.run.draining.Load() || !time.Now().Before(c.drainEnd(c.requests == 0)) {
			return false
		}
	}
}

func (c *client) setReadDeadline(t time.Time) {
	c.deadline = t
	c.SetReadDeadline(t)
}

// answer reads a head and has the request answered.
func (c *client) answer(x *exchange) {
	x.proxy, x.ctx, x.down, x.minor, x.major = c.run.proxy, c.ctx, c, 1, 1
	x.secure, x.remote, x.local = c.secure, c.RemoteAddr(), c.LocalAddr()
	x.body.fresh(x)
	c.skipLines()
	s, err := c.readHead(x.proxy.maxHeader(), c.headLimit)
	x.began = time.Now()
	if err == nil {
		c.phase.Store(busy)
		err = c.understand(x, s)
	}
	switch {
	case err == nil:
	case err == errFull:
		if line := indexLF(c.ahead()); line < 0 || line >= x.proxy.maxHeader() {
			err = bad(414, "the request line has more than %d bytes", x.proxy.maxHeader())
		} else {
			err = bad(431, "the header has more than %d bytes", x.proxy.maxHeader())
		}
	case errors.Is(err, os.ErrDeadlineExceeded) && c.ctx.Err() == nil:
		err = bad(408, "the header took longer than %v", x.proxy.headerTimeout())
	}
	if b, ok := errors.AsType[*badMessage](err); ok {
		x.proxy.stats.malformed.Add(1)
		c.broken, c.closing = true, true
		c.refuse(x, &refusal{status: b.status, why: b.why})
		c.linger()
		return
	}
	if err != nil {
		c.closing = true
		return
	}
	c.handle(x)
}

// headLimit is for a head that comes in pieces.
func (c *client) headLimit() { c.setReadDeadline(time.Now().Add(c.run.proxy.headerTimeout())) }

var longAgo = time.Unix(1, 0)

// handle has x answered, and finds out whether another request can follow.
func (c *client) handle(x *exchange) {
	c.mu.Lock()
	c.x = x
	c.mu.Unlock()
	if c.ctx.Err() != nil {
		x.abandon()
	}
	if x.body.whole {
		c.watch.begin(c)
	} else {
		c.setReadDeadline(time.Time{})
	}
	x.serve()
	c.mu.Lock()
	c.x = nil
	c.mu.Unlock()
	x.body.stop()
	if c.watch.end(c); !x.in.over {
		c.broken, c.closing = true, true
	}
	if c.tunnel {
		return
	}
	if x.brokenOff() {
		c.closing, c.reset = true, true
	} else if c.closing {
		c.linger()
	}
}

// leave ends what is going on because the client has left, or has to.
func (c *client) leave() {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.x != nil {
		c.x.abandon()
	}
}
