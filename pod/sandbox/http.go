package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// ServeHTTP serves s on l until ctx is done, and drains then without losing a
// request that a client has sent on an accepted connection:
//
//  1. l is closed. Under a pod that ends a lease: what connects from now on
//     waits for the next run.
//  2. Keep-alives end: idle connections are closed, answers say Connection: close.
//  3. Each accepted connection is given time to send its request and have it
//     enter the handler, at most 5 s or half of the grace period. [http.Server.Shutdown]
//     drops a request that it reads after it has begun, so it begins only now.
//  4. Shutdown waits for the handlers, until [Grace] ends. What is still open
//     then is closed, and that is an error which says how many there were.
//
// s is configuration: it is not changed, serves again after a return, and
// serves several listeners at once. Its RegisterOnShutdown functions are called
// at each stop, but its own Shutdown and Close do not end the call; only ctx
// does. The server speaks TLS where l does (tls.NewListener). Without a
// BaseContext of its own, a request's context carries the sandbox and ends with
// the grace period: handlers work, and dial, with that one, because ctx is done
// while they drain.
//
// ServeHTTP returns nil when ctx is done and all requests were answered. Before,
// an error is why l could not accept.
func ServeHTTP(ctx context.Context, l net.Listener, s *http.Server) error {
	grace, cancel := Grace(ctx)
	defer cancel()
	d := &drainer{conns: map[net.Conn]connPhase{}}
	srv := d.server(s)
	if base := grace; srv.BaseContext == nil {
		srv.BaseContext = func(net.Listener) context.Context { return base }
	}

	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var failure error
	select {
	case err := <-served:
		if ctx.Err() == nil {
			failure = fmt.Errorf("serve %v: %w", l.Addr(), err)
		}
		l.Close()
		var cancelFailed context.CancelFunc
		grace, cancelFailed = context.WithTimeout(grace, of(ctx).period())
		defer cancelFailed()
	case <-ctx.Done():
		l.Close()
		<-served // from here on the conns are complete
	}
	callOnShutdown(s)
	srv.SetKeepAlivesEnabled(false)
	d.awaitRequests(grace)
	if srv.Shutdown(grace) == nil && d.awaitHandlers(grace) == 0 { // Shutdown does not wait for hijacked ones
		return failure
	}

	open := d.open()
	srv.Close()
	final, cancelFinal := context.WithTimeout(context.Background(), afterClose)
	defer cancelFinal()
	stuck := d.awaitHandlers(final)
	if failure == nil {
		failure = fmt.Errorf("serve %v: %d connections cut when the grace period ended, %d requests still in their handler: %w",
			l.Addr(), open, stuck, context.DeadlineExceeded)
	}
	return failure
}

const (
	maxRequestWait = 5 * time.Second        // net/http itself gives a connection that sent nothing this long
	afterClose     = 250 * time.Millisecond // for handlers to see that their connection is gone
)

// connPhase is how far a connection has got with the request it is on.
type connPhase int

const (
	expected connPhase = iota // accepted, or bytes of a request were read: one is on its way
	entered                   // the request is in the handler, where Shutdown waits for it
	idle                      // between two requests
)

// A drainer follows the connections of a server, because only it knows when
// Shutdown can no longer drop a request.
type drainer struct {
	mu       sync.Mutex
	conns    map[net.Conn]connPhase
	expected int // of conns
	handlers int
	changed  chan struct{} // closed when expected or handlers falls to 0; nil if nobody waits
}

type connKey struct{}

// server returns a server with the configuration of s that d follows.
func (d *drainer) server(s *http.Server) *http.Server {
	handler, connState, connContext := s.Handler, s.ConnState, s.ConnContext
	if handler == nil {
		handler = http.DefaultServeMux
	}
	return &http.Server{
		Addr:                         s.Addr,
		DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
		TLSConfig:                    s.TLSConfig,
		ReadTimeout:                  s.ReadTimeout,
		ReadHeaderTimeout:            s.ReadHeaderTimeout,
		WriteTimeout:                 s.WriteTimeout,
		IdleTimeout:                  s.IdleTimeout,
		MaxHeaderBytes:               s.MaxHeaderBytes,
		TLSNextProto:                 s.TLSNextProto,
		ErrorLog:                     s.ErrorLog,
		BaseContext:                  s.BaseContext,
		HTTP2:                        s.HTTP2,
		Protocols:                    s.Protocols,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if connContext != nil {
				if ctx = connContext(ctx, c); ctx == nil {
					panic("sandbox: ConnContext returned nil")
				}
			}
			return context.WithValue(ctx, connKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew, http.StateActive:
				d.set(c, expected)
			case http.StateIdle:
				d.set(c, idle)
			case http.StateHijacked, http.StateClosed:
				d.forget(c)
			}
			if connState != nil {
				connState(c, state)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, _ := r.Context().Value(connKey{}).(net.Conn)
			d.enter(c)
			defer d.exit()
			handler.ServeHTTP(w, r)
		}),
	}
}

func (d *drainer) set(c net.Conn, to connPhase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.setLocked(c, to)
}

func (d *drainer) setLocked(c net.Conn, to connPhase) {
	from, known := d.conns[c]
	d.conns[c] = to
	if to == expected && !(known && from == expected) {
		d.expected++
	}
	if to != expected && known && from == expected {
		d.expected--
		d.announceLocked(d.expected)
	}
}

func (d *drainer) forget(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.conns[c]; known {
		d.setLocked(c, idle)
		delete(d.conns, c)
	}
}

func (d *drainer) enter(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handlers++
	if _, known := d.conns[c]; known {
		d.setLocked(c, entered)
	}
}

func (d *drainer) exit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handlers--
	d.announceLocked(d.handlers)
}

func (d *drainer) announceLocked(n int) {
	if n == 0 && d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

func (d *drainer) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// awaitRequests waits until no connection has a request on its way.
func (d *drainer) awaitRequests(grace context.Context) {
	bounded, cancel := context.WithTimeout(grace, min(maxRequestWait, of(grace).period()/2))
	defer cancel()
	d.await(bounded, func() int { return d.expected })
}

// awaitHandlers waits until no handler runs, and returns how many still do when
// ctx ends.
func (d *drainer) awaitHandlers(ctx context.Context) int {
	return d.await(ctx, func() int { return d.handlers })
}

func (d *drainer) await(ctx context.Context, leftLocked func() int) int {
	for {
		d.mu.Lock()
		n := leftLocked()
		if n == 0 {
			d.mu.Unlock()
			return 0
		}
		if d.changed == nil {
			d.changed = make(chan struct{})
		}
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return n
		}
	}
}

// callOnShutdown has s call its RegisterOnShutdown functions: Shutdown of a
// server that serves nothing does that and no more.
func callOnShutdown(s *http.Server) {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	s.Shutdown(done)
}
