package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/internal/gate"
)

// A Proxy joins each connection accepted from its listener to one that Upstream
// dials. A Proxy with nothing but an Upstream is ready to use; the zero value
// has none, and Serve refuses it. It must not be copied or changed while it
// serves. It serves one run at a time, and again after that has returned.
type Proxy struct {
	// Upstream dials what the clients are joined to. It must not be nil.
	Upstream Upstream

	// DialTimeout is how long a client may wait for its upstream connection: the
	// time of a whole call of Dial, which tries all addresses of [To]. 0 means
	// 5 s, negative is an error.
	DialTimeout time.Duration

	// MaxConns is how many client connections are open at once, those that are
	// still dialling included. Beyond it the Proxy stops accepting: new ones wait
	// in the listener's backlog. 0 means 10,000, negative is an error.
	MaxConns int

	// HalfCloseIdle is how long a connection that one side has closed may be
	// silent before it is reset, so that none is left half-closed for ever.
	// 0 means 5 minutes, negative is an error.
	HalfCloseIdle time.Duration

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
	defaultDialTimeout   = 5 * time.Second
	defaultMaxConns      = 10_000
	defaultHalfCloseIdle = 5 * time.Minute
)

// Serve joins the connections accepted from l to upstream ones until ctx is
// done. Then it closes l at once and waits for the connections that it has
// accepted. It returns nil if all of them ended within [sandbox.Grace].
//
// Otherwise the rest is reset, and the error says how many there were;
// errors.Is finds [context.DeadlineExceeded] in it. An error before ctx is done
// is a wrong field, or why l could not accept; also then the connections
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

// Ready blocks until the current run accepts connections and, where Upstream has
// a Ready(context.Context) error of its own, until that returns. It returns
// ctx's cause if ctx ends before.
func (p *Proxy) Ready(ctx context.Context) error {
	if err := p.gate.Ready(ctx); err != nil {
		return err
	}
	if u, ok := p.Upstream.(interface{ Ready(context.Context) error }); ok {
		return u.Ready(ctx)
	}
	return nil
}

// validate returns all that is wrong with p's fields.
func (p *Proxy) validate() error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	if p.Upstream == nil {
		wrong = multierror.Append(wrong, errors.New("Upstream: nil, so there is nothing to dial; To(\"127.0.0.1:5432\") makes one"))
	} else if v, ok := p.Upstream.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			wrong = multierror.Append(wrong, fmt.Errorf("Upstream: %w", err))
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"DialTimeout", p.DialTimeout},
		{"HalfCloseIdle", p.HalfCloseIdle},
		{"DrainIdle", p.DrainIdle},
	} {
		if f.value < 0 {
			wrong = multierror.Append(wrong, fmt.Errorf("%s: %v is negative", f.name, f.value))
		}
	}
	if p.MaxConns < 0 {
		wrong = multierror.Append(wrong, fmt.Errorf("MaxConns: %d is negative", p.MaxConns))
	}
	return wrong.ErrorOrNil()
}

func (p *Proxy) dialTimeout() time.Duration { return orDefault(p.DialTimeout, defaultDialTimeout) }
func (p *Proxy) maxConns() int              { return orDefault(p.MaxConns, defaultMaxConns) }
func (p *Proxy) halfCloseIdle() time.Duration {
	return orDefault(p.HalfCloseIdle, defaultHalfCloseIdle)
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
