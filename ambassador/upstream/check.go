package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"time"

	"github.com/podpatterns/podpatterns/internal/absent"
)

// A Check asks every endpoint again and again whether it is well, over a new
// connection each time, with the PROXY header and TLS of the Cluster. Its zero
// value connects and no more. It takes a [Cluster.Run].
//
// An endpoint that was not asked yet is not used. What it is first found to be
// counts at once; later it takes Rise or Fall results in a row to change that.
// That this side has failed, as for want of descriptors, is no result.
type Check struct {
	Checker  Checker       // what to ask; nil: TCP
	Interval time.Duration // from one check to the next, give or take a tenth by chance; 0: 5 s; negative: an error
	Timeout  time.Duration // of one check, from its dial on; 0: 1 s; negative: an error
	Rise     int           // passes in a row, that make well; 0: 2; negative: an error
	Fall     int           // failures in a row, that make unwell; 0: 3; negative: an error
}

// A Checker asks an endpoint over a connection to it.
type Checker interface {
	// Check returns nil if the endpoint e is well. It must return when ctx ends;
	// conn then fails, and is closed after Check.
	Check(ctx context.Context, conn net.Conn, e Endpoint) error
}

// CheckerFunc makes an ordinary function a [Checker].
type CheckerFunc func(ctx context.Context, conn net.Conn, e Endpoint) error

var _ Checker = CheckerFunc(nil)

// Check calls f(ctx, conn, e).
func (f CheckerFunc) Check(ctx context.Context, conn net.Conn, e Endpoint) error {
	return f(ctx, conn, e)
}

func (h *Check) interval() time.Duration { return cmp.Or(h.Interval, 5*time.Second) }
func (h *Check) timeout() time.Duration  { return cmp.Or(h.Timeout, time.Second) }
func (h *Check) rise() int               { return cmp.Or(h.Rise, 2) }
func (h *Check) fall() int               { return cmp.Or(h.Fall, 3) }
func (h *Check) checker() Checker {
	if h.Checker == nil {
		return TCP{}
	}
	return h.Checker
}

func (h *Check) validate() error {
	var wrong faults
	wrong.duration("Interval", h.Interval)
	wrong.duration("Timeout", h.Timeout)
	wrong.number("Rise", h.Rise)
	wrong.number("Fall", h.Fall)
	if h.Checker != nil && absent.Nil(h.Checker) {
		wrong.add("Checker: a nil %T", h.Checker)
	} else if v, ok := h.Checker.(interface{ validate() error }); ok {
		wrong.of("Checker", v.validate())
	}
	return wrong.err()
}

// watch checks e until ctx is done.
func (c *Cluster) watch(ctx context.Context, e *endpoint) {
	for {
		c.checkOnce(ctx, e)
		interval := c.Check.interval()
		wait := time.NewTimer(interval - interval/10 + rand.N(interval/5+1))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

func (c *Cluster) checkOnce(ctx context.Context, e *endpoint) {
	err := c.ask(ctx, e)
	if ctx.Err() != nil || err != nil && isLocal(err) {
		if err != nil && ctx.Err() == nil {
			c.logger().Debug("upstream: endpoint cannot be checked", "endpoint", e.address, "err", err)
		}
		return
	}
	if err == nil {
		e.counts.passed.Add(1)
	} else {
		e.counts.notPassed.Add(1)
	}
	e.mu.Lock()
	changed := e.health.check.record(err == nil, c.Check.rise(), c.Check.fall())
	e.mu.Unlock()
	if !changed {
		return
	}
	if err != nil {
		c.logger().Warn("upstream: endpoint fails its check", "endpoint", e.address, "err", err)
	}
	c.refresh()
}

// ask is one check. It makes an error of a panic, which would end the process.
func (c *Cluster) ask(ctx context.Context, e *endpoint) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("check panicked: %v\n%s", v, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, c.Check.timeout(), errCheckTimeout)
	defer cancel()
	t := e.spec.Load()
	conn, err := c.connect(ctx, t)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	err = c.Check.checker().Check(ctx, conn, t.Endpoint)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

var errCheckTimeout = fmt.Errorf("check took too long: %w", context.DeadlineExceeded)
