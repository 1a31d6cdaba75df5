package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// dial returns an upstream connection, and keeps the log to one record for each
// change.
func (p *pair) dial() (net.Conn, error) {
	r := p.run
	ctx, cancel := context.WithTimeout(r.grace, r.proxy.dialTimeout())
	defer cancel()
	if !p.mayGiveUp(cancel) {
		return nil, context.Canceled
	}
	stop := p.lookOut()
	c, err := tryDial(p.forClient(ctx), p.to)
	stop()
	switch {
	case err == nil:
		r.proxy.stats.dialled.Add(1)
		r.proxy.tune(c)
		if r.failing.CompareAndSwap(true, false) {
			r.log.Info("upstream can be dialled again")
		}
	case p.ended() || r.grace.Err() != nil: // says nothing of the upstream
	case r.failing.CompareAndSwap(false, true):
		r.log.Warn("upstream cannot be dialled, client connections are reset", "err", err)
	}
	return c, err
}

// mayGiveUp has the end of p cancel its dial. It returns false if p has ended.
func (p *pair) mayGiveUp(cancel context.CancelFunc) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.giveUp = cancel
	return p.ending == running
}

// forClient says whom a connection is for, to an Upstream that may want to know.
func (p *pair) forClient(ctx context.Context) context.Context {
	if _, fixed := p.to.(*addresses); fixed {
		return ctx
	}
	ctx = upstream.WithClient(ctx, p.from, p.dest)
	if addr := addressOf(p.from); addr.IsValid() {
		ctx = upstream.WithKey(ctx, addr.String())
	}
	return ctx
}

// tryDial makes an error of an Upstream's panic, which would end the process.
func tryDial(ctx context.Context, to Upstream) (c net.Conn, err error) {
	defer func() {
		if v := recover(); v != nil {
			c, err = nil, fmt.Errorf("dial panicked: %v\n%s", v, debug.Stack())
		}
	}()
	if c, err = to.Dial(ctx); err == nil && c == nil {
		err = errNoConn
	}
	return c, err
}

var errNoConn = errors.New("dial returned neither a connection nor an error")
