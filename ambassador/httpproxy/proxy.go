package httpproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/internal/gate"
)

// A Proxy sends each request that a client makes on a connection of its listener
// to an endpoint of a cluster, and its answer back. A Proxy with nothing but an
// Upstream is ready to use; the zero value has none, and Serve refuses it. It must
// not be copied or changed once it is used. It serves one run at a time, and again
// after that has returned.
type Proxy struct {
	// Upstream is where requests go that no Route is for. It may be nil only if there
	// are Routes, and they are answered with 404 then; To("127.0.0.1:8080") makes one
	// of fixed addresses.
	Upstream *upstream.Cluster

	// HTTP2 says that the endpoints of Upstream are to be spoken to in HTTP/2: by
	// prior knowledge, or, where they have TLS, whose Config.NextProtos then has to
	// be "h2", in that. Otherwise it is HTTP/1.1.
	HTTP2 bool

	// TLS has TLS end here, with HTTP/2 for clients that offer it. nil: the clients
	// speak HTTP/1, or HTTP/2 by prior knowledge, in the clear, or a listener that
	// accepts *tls.Conn, as one of tls.NewListener, ends TLS by itself.
	TLS *TLS

	// Connect lets CONNECT through, to endpoints that are proxies. Otherwise it is
	// answered with 405.
	Connect bool

	// MaxConns is how many client connections are open at once. Beyond it the
	// Proxy stops accepting: new ones wait in the listener's backlog. 0: 10,000;
	// negative: an error.
	MaxConns int

	// MaxHeaderBytes is how long the header of a request may be, with its first
	// line; so may be the trailer section. A longer one is answered with 431, or
	// 414. 0: 32 KiB; negative, or less than 1 KiB: an error.
	MaxHeaderBytes int

	// MaxBodyBytes is how long the body of a request may be. A longer one is
	// answered with 413. 0: any length; negative: an error.
	MaxBodyBytes int64

	// HeaderTimeout is how long a client may take for the header of a request, and
	// a new connection for TLS and its first byte. 0: 10 s; negative: an error.
	HeaderTimeout time.Duration

	// Idle is how long a connection is kept without a request. It is closed up to
	// an eighth sooner. 0: 3 minutes; negative: an error.
	Idle time.Duration

	// UpstreamIdle is how long a connection to an endpoint is kept for the next
	// request. It is best shorter than the endpoint's own limit. 0: 30 s; negative:
	// none is kept.
	UpstreamIdle time.Duration

	// MaxIdlePerEndpoint is how many of them are kept for each endpoint. 0: 512;
	// negative: an error.
	MaxIdlePerEndpoint int

	// DialTimeout is how long a connection to an endpoint may take, TLS included.
	// 0: 5 s; negative: an error.
	DialTimeout time.Duration

	// Timeout is how long a request may take until its answer begins, all tries
	// included. Then the answer is 504. The time an answer takes from there on has
	// no limit. 0: for ever; negative: an error.
	Timeout time.Duration

	// DrainIdle is how long a connection without a request is still kept after ctx
	// is done, for a client that is about to send the next one, which then learns
	// that it is the last. 0: 500 ms; negative: an error.
	DrainIdle time.Duration

	// Routes are for requests that are not all to be treated alike; see [Route] for
	// which of them a request takes. nil: all go to Upstream.
	Routes []Route

	// Retry says which requests to Upstream are tried again. nil: none are, but for
	// an idempotent one whose idle connection turns out to be closed.
	Retry *Retry

	// Limits are how many requests to Upstream are let through. nil: all.
	Limits *Limits

	// Key is what of a request to Upstream its Balancer hashes. nil: nothing.
	Key *Key

	// Forwarded says what upstream is told of a request's way here. nil: what the
	// client's connection tells, and nothing that it says itself.
	Forwarded *Forwarded

	// Log has a record of each request written. nil: none is.
	Log *Log

	// Trace has a program's own tracing take part. nil: none does.
	Trace *Trace

	gate  gate.Gate
	pools pools
	stats counters

	cutting atomic.Bool // the grace period of the current run is over
	policy  policyRun
}

var _ ambassador.Ambassador = (*Proxy)(nil)

const (
	defaultMaxConns      = 10_000
	defaultMaxHeader     = 32 << 10
	defaultHeaderTimeout = 10 * time.Second
	defaultIdle          = 3 * time.Minute
	defaultUpstreamIdle  = 30 * time.Second
	defaultMaxIdle       = 512
	defaultDialTimeout   = 5 * time.Second
	defaultDrainIdle     = 500 * time.Millisecond
)

// To returns a Cluster of these addresses, "host:port" or "unix:/path". Wrong ones,
// and none at all, are what Serve returns at once.
func To(addresses ...string) *upstream.Cluster {
	return &upstream.Cluster{Endpoints: upstream.To(addresses...)}
}

// Serve answers the requests on connections accepted from l until ctx is done.
// Then it closes l and answers what was sent on the connections that it has
// accepted. It returns nil if all of that was done within [sandbox.Grace].
//
// Otherwise the rest is reset, and the error says how many there were; errors.Is
// finds [context.DeadlineExceeded] in it. An error before ctx is done is a wrong
// field, or why l could not accept or a Cluster not run; also then the requests
// accepted until there are answered, within the same grace.
//
// l is closed when Serve returns, except by a second call at once, which is
// refused.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	leave, err := p.gate.Enter()
	if err != nil {
		return fmt.Errorf("httpproxy: %w", err)
	}
	defer leave()
	if l == nil {
		return errors.New("httpproxy: listener: nil, so there is nothing to accept from")
	}
	if err := p.validate(); err != nil {
		l.Close()
		return fmt.Errorf("httpproxy: %w", err)
	}
	if err := serve(ctx, p, l); err != nil {
		return fmt.Errorf("httpproxy: %w", err)
	}
	return nil
}

// Run is for a Proxy that is used as a handler or a RoundTripper alone: it has the
// Clusters discover and check until ctx is done, and then closes idle connections.
// It returns nil then, and before it what is wrong with a field, or why a Cluster
// could not run. Serve does all of that too, and there is one of the two at a time.
func (p *Proxy) Run(ctx context.Context) error {
	leave, err := p.gate.Enter()
	if err != nil {
		return fmt.Errorf("httpproxy: %w", err)
	}
	defer leave()
	if err := p.validate(); err != nil {
		return fmt.Errorf("httpproxy: %w", err)
	}
	if err := runOnly(ctx, p); err != nil {
		return fmt.Errorf("httpproxy: %w", err)
	}
	return nil
}

// CloseIdleConnections closes the connections to endpoints that nothing uses.
func (p *Proxy) CloseIdleConnections() { p.pools.close(false) }

// Ready blocks until the current run accepts connections and each Cluster has an
// endpoint to use. It returns ctx's cause if ctx ends before.
func (p *Proxy) Ready(ctx context.Context) error {
	if err := p.gate.Ready(ctx); err != nil {
		return err
	}
	for _, c := range p.clusters() {
		if err := c.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *Proxy) maxConns() int                { return cmp.Or(p.MaxConns, defaultMaxConns) }
func (p *Proxy) maxHeader() int               { return cmp.Or(p.MaxHeaderBytes, defaultMaxHeader) }
func (p *Proxy) headerTimeout() time.Duration { return cmp.Or(p.HeaderTimeout, defaultHeaderTimeout) }
func (p *Proxy) idle() time.Duration          { return cmp.Or(p.Idle, defaultIdle) }
func (p *Proxy) upstreamIdle() time.Duration  { return cmp.Or(p.UpstreamIdle, defaultUpstreamIdle) }
func (p *Proxy) maxIdle() int                 { return cmp.Or(p.MaxIdlePerEndpoint, defaultMaxIdle) }
func (p *Proxy) dialTimeout() time.Duration   { return cmp.Or(p.DialTimeout, defaultDialTimeout) }
func (p *Proxy) drainIdle() time.Duration     { return cmp.Or(p.DrainIdle, defaultDrainIdle) }
