package tcpproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/internal/gate"
)

// A Proxy joins each connection accepted from its listener to one that an
// Upstream dials. A Proxy with nothing but an Upstream is ready to use; the zero
// value has none, and Serve refuses it. It must not be copied or changed while it
// serves. It serves one run at a time, and again after that has returned.
type Proxy struct {
	// Upstream dials what the clients are joined to. It may be nil only if there
	// are Routes, and whom none of them is for is then reset.
	Upstream Upstream

	// TLS has TLS end here, so that upstream gets plain bytes. nil leaves whatever
	// the clients speak as it is, except that a listener which accepts *tls.Conn, as
	// one of tls.NewListener, ends it by itself.
	TLS *TLS

	// Routes are the upstreams for TLS clients by the server name that they ask
	// for, in lower case: a whole name, or "*." and what all names end with that
	// have more labels than that. A whole name wins, then the longest. TLS goes
	// through as it is, unless the Proxy ends it, so what speaks no TLS is refused.
	// A client that asks for another name or for none is joined to Upstream. nil
	// looks at no name.
	Routes map[string]Upstream

	// ProxyFrom are the addresses of those that are trusted to send a PROXY header,
	// version 1 or 2, before anything else. Of these each has to, or is refused.
	// From others, and over unix sockets, such bytes are like any others. nil
	// trusts nobody.
	ProxyFrom []netip.Prefix

	// HandshakeTimeout is how long a client may take for all that comes before its
	// own bytes, so for the PROXY header, its ClientHello if there are Routes, and
	// the TLS handshake if TLS ends here. 0 means 10 s, negative is an error.
	HandshakeTimeout time.Duration

	// DialTimeout is how long a client may wait for its upstream connection: the
	// time of a whole call of Dial, which tries all addresses of [To]. 0 means
	// 5 s, negative is an error.
	DialTimeout time.Duration

	// MaxConns is how many client connections are open at once, those that are
	// still dialling included. Beyond it the Proxy stops accepting: new ones wait
	// in the listener's backlog. 0 means 10,000, negative is an error.
	MaxConns int

	// MaxConnsPerClient is how many of them one IP address may have, which is that
	// of the PROXY header where there is one. More are reset. 0 means no limit,
	// negative is an error. Unix sockets have no address, and no limit.
	MaxConnsPerClient int

	// Rate limits how many connections are accepted in a second, with a burst of
	// its own. New ones wait in the listener's backlog. It may be shared by several
	// Proxies, and changed at any time. nil means no limit.
	Rate *rate.Limiter

	// Idle is how long a connection that is open in both directions may be silent
	// before it is reset. Bytes that a peer has yet to acknowledge are no silence
	// as long as it acknowledges some. It has to be longer than the longest pause
	// between a request and its answer. 0 means for ever, negative is an error.
	Idle time.Duration

	// HalfCloseIdle is how long a connection that one side has closed may be
	// silent before it is reset, so that none is left half-closed for ever.
	// 0 means 5 minutes, negative is an error.
	HalfCloseIdle time.Duration

	// KeepAlive is after how long of silence the peer of a TCP connection is asked
	// whether it is there, on both sides, and how long it has for an answer to each
	// of nine. If it has none, that is a reset. 0 leaves what the listener and the
	// dialer have set, which in package net is 15 s; negative turns it off; more than
	// 32,767 s is an error.
	KeepAlive time.Duration

	// UserTimeout is how long a peer may leave bytes unacknowledged before its TCP
	// connection, on either side, is given up, which is a reset: TCP_USER_TIMEOUT,
	// in whole milliseconds. A peer that lives, but takes nothing for so long, is
	// given up as well. Where the system is not Linux it has no effect. 0 means as
	// long as the kernel tries, about 15 minutes; negative is an error.
	UserTimeout time.Duration

	// DrainAccept is for how long new connections are still accepted after ctx is
	// done, for a main container that needs some to finish its work. It is part of
	// the grace period, and ends with it. 0 means that none are, negative is an
	// error.
	DrainAccept time.Duration

	// DrainIdle is how long a connection may have been silent in both directions
	// before a drain closes it instead of waiting for it, as pooled ones do that
	// nobody uses. Silence counts from the last byte, also one from before the
	// drain, so it has to be longer than the longest pause between a request and
	// its answer. 0 means that every connection is waited for until the grace
	// period ends, negative is an error.
	DrainIdle time.Duration

	gate  gate.Gate
	stats counters
}

var _ ambassador.Ambassador = (*Proxy)(nil)

const (
	defaultHandshakeTimeout = 10 * time.Second
	defaultDialTimeout      = 5 * time.Second
	defaultMaxConns         = 10_000
	defaultHalfCloseIdle    = 5 * time.Minute
)

// Serve joins the connections accepted from l to upstream ones until ctx is
// done. Then it closes l, after DrainAccept, and waits for the connections that it has
// accepted. It returns nil if all of them ended within [sandbox.Grace].
//
// Otherwise the rest is reset, and the error says how many there were;
// errors.Is finds [context.DeadlineExceeded] in it. An error before ctx is done
// is a wrong field, or why l could not accept or an Upstream not run; also then the connections
// accepted until there are finished, within the same grace.
//
// l is closed when Serve returns, except by a second call at once, which is
// refused.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	leave, err := p.gate.Enter()
	if err != nil {
		return fmt.Errorf("tcpproxy: %w", err)
	}
	defer leave()
	if l == nil {
		return errors.New("tcpproxy: listener: nil, so there is nothing to accept from")
	}
	if err := p.validate(); err != nil {
		l.Close()
		return fmt.Errorf("tcpproxy: %w", err)
	}
	if err := serve(ctx, p, l); err != nil {
		return fmt.Errorf("tcpproxy: %w", err)
	}
	return nil
}

// Ready blocks until the current run accepts connections and, of each Upstream
// that has a Ready(context.Context) error of its own, until that returns. It
// returns ctx's cause if ctx ends before.
func (p *Proxy) Ready(ctx context.Context) error {
	if err := p.gate.Ready(ctx); err != nil {
		return err
	}
	for _, u := range p.upstreams() {
		if r, ok := u.Upstream.(interface{ Ready(context.Context) error }); ok {
			if err := r.Ready(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Proxy) handshakeTimeout() time.Duration {
	return cmp.Or(p.HandshakeTimeout, defaultHandshakeTimeout)
}
func (p *Proxy) dialTimeout() time.Duration { return cmp.Or(p.DialTimeout, defaultDialTimeout) }
func (p *Proxy) maxConns() int              { return cmp.Or(p.MaxConns, defaultMaxConns) }
func (p *Proxy) halfCloseIdle() time.Duration {
	return cmp.Or(p.HalfCloseIdle, defaultHalfCloseIdle)
}
