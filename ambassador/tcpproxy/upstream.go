package tcpproxy

import (
	"context"
	"net"
)

// An Upstream dials the other end of a client's connection. An *upstream.Cluster
// is one that finds its endpoints, balances and watches them, and encrypts.
//
// Three more methods are used where an Upstream has them: Validate() error, asked
// before anything is accepted, Ready(context.Context) error, asked by
// [Proxy.Ready], and Run(context.Context) error, which is called for as long as
// Serve serves and drains. It has to return when its context is done; an error
// before that ends Serve, as one of its listener does.
type Upstream interface {
	// Dial returns a new connection, or why there is none. It is called at once
	// by many goroutines, and must return when ctx ends, as it does when the client
	// goes. ctx carries the sandbox, and what package upstream gives its Clusters:
	// the client's addresses, and its IP address as the key to hash. The connection
	// must outlive it. It stays half-open in both directions if it
	// has a method CloseWrite() error, as those of package net do. Where it has a
	// method Raw() net.Conn, and that does not return nil, bytes are read from and
	// written to what that returns, so it has to be the connection below whose
	// bytes are the same. Only CloseWrite, SetLinger and Close are then called on
	// the connection itself.
	Dial(ctx context.Context) (net.Conn, error)
}

// UpstreamFunc makes an ordinary function an [Upstream].
type UpstreamFunc func(ctx context.Context) (net.Conn, error)

var _ Upstream = UpstreamFunc(nil)

// Dial calls f(ctx).
func (f UpstreamFunc) Dial(ctx context.Context) (net.Conn, error) { return f(ctx) }
