package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
)

// An Upstream dials the other end of a client's connection.
//
// Two more methods are used where an Upstream has them: Validate() error, asked
// before anything is accepted, and Ready(context.Context) error, asked by
// [Proxy.Ready].
type Upstream interface {
	// Dial returns a new connection, or why there is none. It is called at once
	// by many goroutines, and must return when ctx ends. ctx carries the sandbox;
	// the connection must outlive it. It stays half-open in both directions if it
	// has a method CloseWrite() error, as those of package net do.
	Dial(ctx context.Context) (net.Conn, error)
}

// UpstreamFunc makes an ordinary function an [Upstream].
type UpstreamFunc func(ctx context.Context) (net.Conn, error)

var _ Upstream = UpstreamFunc(nil)

// Dial calls f(ctx).
func (f UpstreamFunc) Dial(ctx context.Context) (net.Conn, error) { return f(ctx) }

// dial returns an upstream connection, and keeps the log to one record for each
// change.
func (r *run) dial() (net.Conn, error) {
	c, err := r.tryDial()
	switch {
	case err == nil:
		r.proxy.stats.dialled.Add(1)
		if r.failing.CompareAndSwap(true, false) {
			r.log.Info("upstream can be dialled again")
		}
	case r.grace.Err() == nil && r.failing.CompareAndSwap(false, true):
		r.log.Warn("upstream cannot be dialled, client connections are reset", "err", err)
	}
	return c, err
}

// tryDial makes an error of an Upstream's panic, which would end the process.
func (r *run) tryDial() (c net.Conn, err error) {
	defer func() {
		if v := recover(); v != nil {
			c, err = nil, fmt.Errorf("dial panicked: %v\n%s", v, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(r.grace, r.proxy.dialTimeout())
	defer cancel()
	if c, err = r.proxy.Upstream.Dial(ctx); err == nil && c == nil {
		err = errNoConn
	}
	return c, err
}

var errNoConn = errors.New("dial returned neither a connection nor an error")
