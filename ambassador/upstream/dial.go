package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Dial returns a new connection to an endpoint that is well, after the PROXY
// header and the handshake of TLS, where there are any. If one fails, the next
// one is tried, up to Tries. ctx carries the sandbox, whose network is dialled.
//
// errors.Is finds [ErrNoEndpoint] and [ErrLimit] in what it returns, and in what
// the endpoints failed with otherwise. The end of ctx by cancel counts against no
// endpoint; a deadline counts against the one that was being dialled, if that had
// at least half of its even share of the whole.
//
// The connection is one lease of the endpoint until it is closed. It has
// CloseWrite() error and SetLinger(int) error where the one below has them. Its
// method Raw() net.Conn returns the connection of package net below that carries
// the same bytes, or nil if there is none, as with TLS; NetConn() net.Conn what
// is directly below. Neither of them must be closed in its place. Lease() *Lease
// is for reports on what becomes of the connection: that it could be dialled is
// reported already.
func (c *Cluster) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	return conn, nil
}

func (c *Cluster) dial(ctx context.Context) (net.Conn, error) {
	if err := c.begin(); err != nil {
		return nil, err
	}
	c.use(ctx)
	whole, began := ctx, time.Now()
	deadline := began.Add(c.dialTimeout())
	if sooner, ok := ctx.Deadline(); ok && sooner.Before(deadline) {
		deadline = sooner
	} else {
		var cancel context.CancelFunc
		whole, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	var failed faults
	var tried []*endpoint
	for left := c.tries(); left > 0; left-- {
		l, err := c.pick(whole, tried)
		if err != nil {
			if len(tried) == 0 || !errors.Is(err, ErrNoEndpoint) {
				failed.append(err)
			}
			break
		}
		many := min(left, c.untried(tried))
		fair := deadline.Sub(began) / time.Duration(many+len(tried))
		conn, err := l.try(whole, many, fair/2)
		if err == nil {
			return newConn(conn, l), nil
		}
		failed.append(err)
		if whole.Err() != nil || isLocal(err) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			break
		}
		tried = append(tried, l.e)
	}
	return nil, failed.err()
}

// untried is how many endpoints there are still to try.
func (c *Cluster) untried(tried []*endpoint) int {
	return max(1, c.table.Load().usable-len(tried))
}

// try dials the endpoint within its share, which is that of one in so many, and
// reports how that went. Without a connection the lease is done. To have been too slow for less than enough, as is left
// after waiting for a limit, is no fault.
func (l *Lease) try(whole context.Context, many int, enough time.Duration) (net.Conn, error) {
	began := time.Now()
	deadline, _ := whole.Deadline()
	share := deadline.Sub(began) / time.Duration(many)
	ctx := whole
	if t := l.c.TryTimeout; many > 1 || t > 0 {
		if t > 0 {
			share, enough = min(share, t), min(enough, t)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(whole, share)
		defer cancel()
	}
	done := false
	defer func() {
		if !done {
			l.Done()
		}
	}()
	conn, err := l.c.connect(ctx, l.target)
	done = err == nil
	switch {
	case err == nil:
		l.Report(Succeeded, time.Since(began))
	case errors.Is(whole.Err(), context.Canceled), isLocal(err), ctx.Err() != nil && share < enough:
		l.Report(Neutral, 0)
	default:
		l.Report(Failed, time.Since(began))
	}
	return conn, err
}

// Dial connects to the lease's endpoint, with the PROXY header and TLS. It
// reports nothing, and the connection does not end the lease.
func (l *Lease) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := l.c.connect(ctx, l.target)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	return conn, nil
}

// errLocal is what this side has failed with.
type errLocal struct{ error }

func (e errLocal) Unwrap() error { return e.error }

// isLocal tells whether an error is no fault of the endpoint: this process has no
// descriptors, ports or memory, or no certificate of its own.
func isLocal(err error) bool {
	if _, ok := errors.AsType[errLocal](err); ok {
		return true
	}
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.Is(err, syscall.EADDRNOTAVAIL) && !lacksIPv6(err)
}

// lacksIPv6 tells an address of IPv6 where this machine has none, which stays so,
// from the want of a port, whose error is the same, and which others may still have.
func lacksIPv6(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return false
	}
	to, ok := op.Addr.(*net.TCPAddr)
	return ok && to.IP.To4() == nil
}
