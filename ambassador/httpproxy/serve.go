package httpproxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/sync/errgroup"

	"github.com/podpatterns/podpatterns/internal/accept"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A run is one call of Serve.
type run struct {
	proxy *Proxy
	base  context.Context // of the requests
	cut   func()          // ends base, when the grace period has ended
	log   *slog.Logger
	slots chan struct{} // one is held per connection
	tls   *tls.Config   // nil if TLS does not end here

	period time.Duration // of grace
	h2     *server2

	handlers sync.WaitGroup
	greeting sync.WaitGroup // of handlers, those that may still turn out to speak HTTP/2
	draining atomic.Bool
	drained  atomic.Int64 // when the drain began, in Unix nanoseconds

	mu      sync.Mutex
	clients map[*client]struct{}
}

func serve(ctx context.Context, p *Proxy, l net.Listener) error {
	// A context of its own, so that the grace period counts from a failure to
	// accept as well.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	grace, release := sandbox.Grace(ctx)
	defer release()
	base, cut := context.WithCancel(context.WithoutCancel(grace))
	defer cut()
	r := &run{
		proxy: p, base: base, cut: cut, log: sandbox.Logger(ctx),
		slots: make(chan struct{}, p.maxConns()), clients: map[*client]struct{}{},
		period: graceOf(ctx),
	}
	var err error
	if r.tls, err = p.TLS.server(grace); err != nil {
		l.Close()
		return fmt.Errorf("TLS: %w", err)
	}
	r.h2 = newServer2(r, l.Addr())
	cutBefore := p.stats.cut.Load()
	closed := make(chan struct{})
	context.AfterFunc(ctx, func() {
		l.Close()
		close(closed)
	})
	clusters := r.runClusters(grace, stop)
	stopPolicy := p.startPolicy(grace)
	p.cutting.Store(false)
	p.gate.Open()

	wrong := &multierror.Error{ErrorFormat: oneLine}
	accepting := &accept.Loop{Slots: r.slots, Start: r.start, Log: r.log, Errors: &p.stats.acceptErrors, Full: &p.stats.full}
	if err := accepting.Run(ctx, l); err != nil {
		wrong = multierror.Append(wrong, fmt.Errorf("accept on %v: %w", l.Addr(), err))
	}
	stop()
	<-closed
	r.drain(grace)
	stopPolicy()
	p.pools.close(true)
	if err := clusters(); err != nil {
		wrong = multierror.Append(wrong, err)
	}
	if n := p.stats.cut.Load() - cutBefore; n > 0 {
		wrong = multierror.Append(wrong, fmt.Errorf("%d connections cut when the grace period ended: %w", n, context.DeadlineExceeded))
	}
	return wrong.ErrorOrNil()
}

func runOnly(ctx context.Context, p *Proxy) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &run{proxy: p}
	clusters := r.runClusters(ctx, stop)
	stopPolicy := p.startPolicy(ctx)
	p.gate.Open()
	<-ctx.Done()
	stopPolicy()
	p.pools.close(true)
	return clusters()
}

// runClusters has each Cluster discover and check. One that fails before it is told
// to stop has failed called.
func (r *run) runClusters(grace context.Context, failed func()) (stop func() error) {
	ctx, cancel := context.WithCancel(grace)
	var group errgroup.Group
	started := map[any]bool{}
	for _, c := range r.proxy.clusters() {
		if started[c.Cluster] {
			continue
		}
		started[c.Cluster] = true
		group.Go(func() error {
			err := runOne(ctx, c)
			if err == nil || ctx.Err() != nil {
				return nil
			}
			failed()
			return fmt.Errorf("%s: run: %w", c.name, err)
		})
	}
	return func() error {
		cancel()
		return group.Wait()
	}
}

// runOne makes an error of a panic, which would end the process.
func runOne(ctx context.Context, c cluster) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return c.Run(ctx)
}

// start serves a connection.
func (r *run) start(conn net.Conn) {
	r.proxy.stats.accepted.Add(1)
	r.greeting.Add(1)
	r.handlers.Go(func() { r.greet(conn) })
}

// greet finds out what a client speaks, and goes on in that.
func (r *run) greet(conn net.Conn) {
	greeted := sync.OnceFunc(r.greeting.Done)
	defer greeted()
	secure, isTLS := conn.(*tls.Conn)
	if r.tls != nil {
		secure, isTLS = tls.Server(conn, r.tls), true
		conn = secure
	}
	c := newClient(r, conn, isTLS)
	if !r.remember(c) {
		c.close()
		return
	}
	if isTLS {
		ctx, cancel := context.WithTimeout(c.ctx, r.proxy.headerTimeout())
		err := secure.HandshakeContext(ctx)
		cancel()
		if err != nil {
			r.proxy.stats.handshakes.Add(1)
			c.close()
			return
		}
		if secure.ConnectionState().NegotiatedProtocol == "h2" {
			r.h2.take(c, greeted)
			return
		}
	}
	if preface, err := c.begins(); err != nil {
		c.close()
		return
	} else if preface {
		r.h2.take(c, greeted)
		return
	}
	greeted()
	c.serve()
}

// begins waits for the first bytes, and tells whether they are those of HTTP/2 by
// prior knowledge (RFC 9113, 3.4).
func (c *client) begins() (bool, error) {
	const preface = "PRI * HTTP/2.0\r\n"
	if !c.next() {
		return false, os.ErrDeadlineExceeded
	}
	for {
		b := c.ahead()
		n := min(len(b), len(preface))
		if string(b[:n]) != preface[:n] {
			return false, nil
		}
		if n == len(preface) {
			return true, nil
		}
		if err := c.fill(); err != nil {
			return false, err
		}
	}
}

func (r *run) remember(c *client) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients[c] = struct{}{}
	return r.base.Err() == nil
}

func (r *run) forget(c *client) {
	r.mu.Lock()
	_, ok := r.clients[c]
	delete(r.clients, c)
	r.mu.Unlock()
	if ok {
		r.proxy.stats.closed.Add(1)
		<-r.slots
	}
}

func (r *run) open() []*client {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := make([]*client, 0, len(r.clients))
	for c := range r.clients {
		open = append(open, c)
	}
	return open
}

func graceOf(ctx context.Context) time.Duration {
	if s := sandbox.From(ctx); s != nil && s.Grace > 0 {
		return s.Grace
	}
	return sandbox.DefaultGrace
}
