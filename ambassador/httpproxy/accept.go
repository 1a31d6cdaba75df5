package httpproxy

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// accept has each connection served until ctx is done, or returns why l
// can accept no more.
func (r *run) accept(ctx context.Context, l net.Listener) error {
	pause := acceptBackOff()
	failing := false
	for r.slot(ctx) {
		c, err := l.Accept()
		if err == nil {
			if failing {
				failing = false
				pause.Reset()
			}
			r.start(c)
			continue
		}
		<-r.slots
		if ctx.Err() != nil {
			return nil
		}
		if !passes(err) {
			return err
		}
		r.proxy.stats.acceptErrors.Add(1)
		if !failing {
			failing = true
			r.log.Warn("accept failed, will be retried", "err", err)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
		}
	}
	return nil
}

// slot takes a slot for the next connection. It returns false once ctx is done.
func (r *run) slot(ctx context.Context) bool {
	select {
	case r.slots <- struct{}{}:
		return true
	default:
	}
	if r.proxy.stats.full.Add(1) == 1 {
		r.log.Warn("MaxConns are open, new connections wait in the backlog", "MaxConns", cap(r.slots))
	}
	select {
	case r.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func acceptBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 5*time.Millisecond, time.Second
	b.Multiplier, b.RandomizationFactor, b.MaxElapsedTime = 2, 0, 0
	b.Reset()
	return b
}

// passes tells whether accept may succeed a little later: for want of
// descriptors or memory, or because a client was gone before it was accepted.
func passes(err error) bool {
	var e interface{ Temporary() bool } // net.Error's is deprecated for its vagueness, but of accept it tells just this
	if errors.As(err, &e) && e.Temporary() {
		return true
	}
	var errno syscall.Errno
	errors.As(err, &errno)
	return errno == syscall.ENOBUFS || errno == syscall.ENOMEM || errno == syscall.ECONNABORTED || errno == syscall.ECONNRESET
}
