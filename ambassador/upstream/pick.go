package upstream

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Pick chooses an endpoint for one connection or one request, and counts it as
// used until [Lease.Done]. That is for layer 7; [Cluster.Dial] is built on it. The
// endpoints of the leases in not are passed over, as those are that a request has
// been tried on already.
//
// It waits for the first set of endpoints, and with a Check for the first of them
// that passes or until all have failed, at most DialTimeout and until ctx ends.
// Errors are those of [Cluster.Dial].
func (c *Cluster) Pick(ctx context.Context, not ...*Lease) (*Lease, error) {
	c.use(ctx)
	var tried []*endpoint
	for _, l := range not {
		tried = append(tried, l.e)
	}
	l, err := c.pick(ctx, tried)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	return l, nil
}

// pick passes those over that were tried.
func (c *Cluster) pick(ctx context.Context, tried []*endpoint) (*Lease, error) {
	if err := c.begin(); err != nil {
		return nil, err
	}
	if !c.settled.Load() {
		if err := c.settle(ctx); err != nil {
			return nil, err
		}
	}
	if c.MaxWait > 0 && c.queue.waiting.Load() > 0 {
		return c.wait(ctx, tried)
	}
	l, err := c.tryPick(ctx, tried)
	if err != nil && c.queue.waiting.Load() > 0 {
		c.queue.signal() // the place it held for a moment may have been missed
	}
	if err == errAllLimit || err == errEndpointLimit {
		if c.MaxWait > 0 {
			return c.wait(ctx, tried)
		}
		c.counts.limited.Add(1)
	}
	return l, err
}

// settle waits for what has to be known first.
func (c *Cluster) settle(ctx context.Context) error {
	c.use(ctx)
	waiting, cancel := context.WithTimeout(ctx, c.dialTimeout())
	defer cancel()
	if c.await(waiting, c.settled.Load) == nil {
		return nil
	}
	c.counts.noEndpoint.Add(1)
	why := context.Cause(waiting)
	c.mu.Lock()
	if c.wrong != "" {
		why = fmt.Errorf("%s: %w", c.wrong, why)
	}
	c.mu.Unlock()
	if len(c.lead) == 0 {
		return fmt.Errorf("%w: none is known, and no Run is there to find out: %w", ErrNoEndpoint, why)
	}
	return fmt.Errorf("%w: none is known yet: %w", ErrNoEndpoint, why)
}

var (
	errAllLimit      = fmt.Errorf("%w: MaxConns", ErrLimit)
	errEndpointLimit = fmt.Errorf("%w: MaxConnsPerEndpoint of all that are well", ErrLimit)
)

// choices is how often the balancer is asked before any endpoint will do, so that
// a cluster that is nearly full costs no more than a look at each.
const choices = 4

func (c *Cluster) tryPick(ctx context.Context, tried []*endpoint) (*Lease, error) {
	now := time.Now()
	t := c.fresh(now)
	if !enter(&c.active, c.MaxConns) {
		return nil, errAllLimit
	}
	a := askeds.Get().(*asked)
	defer a.free()
	a.now, a.skip = now, append(a.skip, tried...)
	a.key, a.hasKey = keyOf(ctx)
	full := false
	for range choices {
		e := t.pick(a)
		if e == nil {
			return nil, c.none(t, tried, full)
		}
		l, busy := c.admit(e, now)
		if l != nil {
			return l, nil
		}
		full = full || busy
		a.skip = append(a.skip, e)
	}
	for _, level := range t.levels {
		for _, one := range level.all {
			if a.skips(one.endpoint) {
				continue
			}
			l, busy := c.admit(one.endpoint, now)
			if l != nil {
				return l, nil
			}
			full = full || busy
		}
	}
	return nil, c.none(t, tried, full)
}

// none gives the place back and says why there is no endpoint.
func (c *Cluster) none(t *table, tried []*endpoint, full bool) error {
	c.active.Add(-1)
	if full {
		return errEndpointLimit
	}
	c.counts.noEndpoint.Add(1)
	if len(tried) > 0 {
		return fmt.Errorf("%w: but the %d tried", ErrNoEndpoint, len(tried))
	}
	if len(t.members) == 0 {
		return fmt.Errorf("%w: the set is empty", ErrNoEndpoint)
	}
	return fmt.Errorf("%w: of %d none may be used: %d unhealthy, %d unchecked, %d ejected, %d with an open breaker, %d in trial",
		ErrNoEndpoint, len(t.members), t.count[Unhealthy], t.count[Unchecked], t.count[Ejected], t.count[Open], t.count[HalfOpen])
}

// enter takes one of so many, if there is one; 0 is any number. What is over the
// limit for a moment would turn others away.
func enter(active *atomic.Int64, limit int) bool {
	if limit == 0 {
		active.Add(1)
		return true
	}
	for {
		n := active.Load()
		if n >= int64(limit) {
			return false
		}
		if active.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (c *Cluster) leave() {
	c.active.Add(-1)
	if c.queue.waiting.Load() > 0 {
		c.queue.signal()
	}
}

// admit takes e for a lease, if it is not full and its breaker lets it.
func (c *Cluster) admit(e *endpoint, now time.Time) (l *Lease, full bool) {
	if !enter(&e.active, c.MaxConnsPerEndpoint) {
		return nil, true
	}
	var p pass
	if c.Breaker != nil {
		ok := false
		e.mu.Lock()
		p, ok = e.health.breaker.admit(now, c.Breaker.trials())
		e.mu.Unlock()
		if !ok {
			c.release(e, e.spec.Load())
			return nil, false
		}
	}
	e.counts.picked.Add(1)
	return &Lease{c: c, e: e, target: e.spec.Load(), pass: p}, false
}
