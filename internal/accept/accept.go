// Package accept accepts connections for servers that bound how many there are,
// and goes on after errors that pass.
package accept

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// A Loop accepts the connections of one listener. All but Pace has to be there.
type Loop struct {
	Slots chan struct{}              // holds something for each connection; who ends one takes it out
	Start func(net.Conn)             // has a connection served; it must not block
	Pace  func(context.Context) bool // waits before each one, and returns false once ctx is done; nil: nothing is waited for
	Log   *slog.Logger               // is told of the first of a row of errors, and when Slots is full for the first time

	Errors *atomic.Int64 // counts errors that pass
	Full   *atomic.Int64 // counts how often Slots was full
}

// Run accepts until ctx is done, or returns why it can accept no more. Whoever ends
// ctx closes the listener too.
func (l *Loop) Run(ctx context.Context, from net.Listener) error {
	pause := backOff()
	failing := false
	for l.slot(ctx) && (l.Pace == nil || l.Pace(ctx)) {
		c, err := from.Accept()
		if err == nil {
			if failing {
				failing = false
				pause.Reset()
			}
			l.Start(c)
			continue
		}
		<-l.Slots
		if ctx.Err() != nil {
			return nil
		}
		if !passes(err) {
			return err
		}
		l.Errors.Add(1)
		if !failing {
			failing = true
			l.Log.Warn("accept failed, will be retried", "err", err)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
		}
	}
	return nil
}

// slot takes a slot for the next connection. It returns false once ctx is done.
func (l *Loop) slot(ctx context.Context) bool {
	select {
	case l.Slots <- struct{}{}:
		return true
	default:
	}
	if l.Full.Add(1) == 1 {
		l.Log.Warn("MaxConns are open, new connections wait in the backlog", "MaxConns", cap(l.Slots))
	}
	select {
	case l.Slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func backOff() *backoff.ExponentialBackOff {
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
	return errors.As(err, &errno) && slices.Contains(passing, errno)
}

// passing are errors of one connection that accept(2) of Linux wants retried, of
// which the firewall's is one, and want of memory.
var passing = []syscall.Errno{
	syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPERM, syscall.EPROTO,
	syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH,
}
