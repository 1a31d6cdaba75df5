package tcpproxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/internal/accept"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A run is one call of Serve.
type run struct {
	proxy *Proxy
	grace context.Context // ends when the connections must
	log   *slog.Logger
	began time.Time
	slots chan struct{} // one is held per connection
	tls   *tls.Config   // nil if TLS does not end here
	crowd crowd

	workers  workers
	handlers sync.WaitGroup
	draining atomic.Bool
	failing  atomic.Bool // the last dial failed
	refused  atomic.Bool // a client was refused

	mu    sync.Mutex
	pairs map[*pair]struct{}
}

func serve(ctx context.Context, p *Proxy, l net.Listener) error {
	// A context of its own, so that the grace period counts from a failure to
	// accept as well.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	grace, release := sandbox.Grace(ctx)
	defer release()
	r := &run{
		proxy: p,
		grace: grace,
		log:   sandbox.Logger(ctx),
		began: time.Now(),
		slots: make(chan struct{}, p.maxConns()),
		pairs: map[*pair]struct{}{},

		workers: newWorkers(),
	}
	var err error
	if r.tls, err = p.TLS.server(grace); err != nil {
		l.Close()
		return fmt.Errorf("TLS: %w", err)
	}
	cutBefore := p.stats.ended[cut].Load()
	accepting, refuse := context.WithCancel(context.WithoutCancel(ctx))
	defer refuse()
	context.AfterFunc(ctx, func() { after(grace, p.DrainAccept, refuse) })
	closed := make(chan struct{})
	context.AfterFunc(accepting, func() {
		l.Close()
		close(closed)
	})
	upstreams := r.runUpstreams(refuse)
	p.gate.Open()

	wrong := &multierror.Error{ErrorFormat: oneLine}
	if err := r.acceptor().Run(accepting, l); err != nil {
		wrong = multierror.Append(wrong, fmt.Errorf("accept on %v: %w", l.Addr(), err))
	}
	close(r.workers.next)
	stop()
	refuse()
	<-closed
	r.drain()
	if err := upstreams.stop(); err != nil {
		wrong = multierror.Append(wrong, err)
	}
	if n := p.stats.ended[cut].Load() - cutBefore; n > 0 {
		wrong = multierror.Append(wrong, fmt.Errorf("%d connections cut when the grace period ended: %w", n, context.DeadlineExceeded))
	}
	return wrong.ErrorOrNil()
}

// after calls f when d has passed or ctx is done.
func after(ctx context.Context, d time.Duration, f func()) {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	f()
}

func (r *run) acceptor() *accept.Loop {
	stats := &r.proxy.stats
	return &accept.Loop{Slots: r.slots, Start: r.start, Pace: r.pace, Log: r.log, Errors: &stats.acceptErrors, Full: &stats.full}
}

func (r *run) start(client net.Conn) {
	r.proxy.stats.accepted.Add(1)
	p := newPair(r, client)
	r.mu.Lock()
	r.pairs[p] = struct{}{}
	r.mu.Unlock()
	r.begin(p)
}

func (r *run) forget(p *pair) {
	r.mu.Lock()
	delete(r.pairs, p)
	r.mu.Unlock()
	if p.addr.IsValid() {
		r.crowd.leave(p.addr)
	}
	<-r.slots
}

// open returns the pairs there are.
func (r *run) open() []*pair {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := make([]*pair, 0, len(r.pairs))
	for p := range r.pairs {
		open = append(open, p)
	}
	return open
}

// drain waits for the pairs, and ends those that are left when the grace period
// does.
func (r *run) drain() {
	r.draining.Store(true)
	if r.proxy.DrainIdle > 0 {
		for _, p := range r.open() {
			p.watch()
		}
	}
	done := make(chan struct{})
	go r.await(done)
	select {
	case <-done:
		return
	case <-r.grace.Done():
	}
	for _, p := range r.open() {
		p.end(cut)
	}
	<-done
}

func (r *run) await(done chan<- struct{}) {
	r.handlers.Wait()
	close(done)
}
