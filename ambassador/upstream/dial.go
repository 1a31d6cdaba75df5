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
// endpoint; a deadline counts against the one that was being dialled.
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
	whole, cancel := context.WithTimeout(ctx, c.dialTimeout())
	defer cancel()
	var failed faults
	var room [defaultTries]*endpoint
	tried := room[:0]
	for left := c.tries(); left > 0; left-- {
		l, err := c.pick(whole, tried)
		if err != nil {
			if len(tried) == 0 || !errors.Is(err, ErrNoEndpoint) {
				failed.append(err)
			}
			break
		}
		conn, err := l.try(whole, min(left, c.untried(tried)))
		if err == nil {
			return newConn(conn, l), nil
		}
		l.Done()
		failed.append(err)
		if whole.Err() != nil || isLocal(err) {
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
// reports how that went.
func (l *Lease) try(whole context.Context, many int) (net.Conn, error) {
	began := time.Now()
	ctx := whole
	if deadline, _ := whole.Deadline(); many > 1 || l.c.TryTimeout > 0 {
		share := time.Until(deadline) / time.Duration(many)
		if l.c.TryTimeout > 0 {
			share = min(share, l.c.TryTimeout)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(whole, share)
		defer cancel()
	}
	conn, err := l.Dial(ctx)
	switch {
	case err == nil:
		l.Report(Succeeded, time.Since(began))
	case errors.Is(whole.Err(), context.Canceled), isLocal(err):
		l.Report(Neutral, 0)
	default:
		l.Report(Failed, time.Since(began))
	}
	return conn, err
}

// Dial connects to the lease's endpoint, with the PROXY header and TLS. It
// reports nothing, and the connection does not end the lease.
func (l *Lease) Dial(ctx context.Context) (net.Conn, error) { return l.c.connect(ctx, l.target) }

// errLocal is what this side has failed with.
type errLocal struct{ error }

func (e errLocal) Unwrap() error { return e.error }

// isLocal tells whether an error is no fault of the endpoint: this process has no
// descriptors, ports or memory, or no certificate of its own.
func isLocal(err error) bool {
	if _, ok := errors.AsType[errLocal](err); ok {
		return true
	}
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
