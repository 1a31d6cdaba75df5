package upstream

import (
	"sync/atomic"
	"time"
)

// A Lease is the use of an endpoint for one connection or one request. Its
// methods may be called by several goroutines.
type Lease struct {
	c      *Cluster
	e      *endpoint
	target *target
	pass   pass

	reported atomic.Bool
	done     atomic.Bool
}

// A Result is how the use of an endpoint went, as far as the endpoint is to blame.
type Result int

// The results of a Lease.
const (
	Neutral   Result = iota // it says nothing of the endpoint: the client has left, or it was refused on this side
	Succeeded               // the endpoint did its work
	Failed                  // it did not
)

// Endpoint is what was chosen, as it was when it was.
func (l *Lease) Endpoint() Endpoint { return l.target.Endpoint }

// Gone is closed when the endpoint has left the set. What it has taken may be
// finished; a connection that is kept for later use is best closed.
func (l *Lease) Gone() <-chan struct{} { return l.target.gone }

// Report tells how the use went, and how long the endpoint took, for Ejection,
// Breaker and PeakEWMA. A lease without a report is Neutral; reports after the
// first, as of requests on one connection, count as well, but not for a trial of
// the Breaker. A Neutral one has no latency.
func (l *Lease) Report(r Result, latency time.Duration) {
	now := time.Now()
	e := l.e
	switch r {
	case Succeeded:
		e.counts.succeeded.Add(1)
	case Failed:
		e.counts.failed.Add(1)
	default:
		r = Neutral
		e.counts.neutral.Add(1)
	}
	first := l.reported.CompareAndSwap(false, true)
	if b, ok := l.c.Balancer.(learner); ok {
		b.learn(e, r, latency, now)
	}
	l.c.record(e, l.pass, first, r, now)
}

// Done gives the endpoint back. It does nothing after the first call.
func (l *Lease) Done() {
	if !l.done.CompareAndSwap(false, true) {
		return
	}
	if l.pass.trial && l.reported.CompareAndSwap(false, true) {
		l.c.record(l.e, l.pass, true, Neutral, time.Now())
	}
	l.c.release(l.e, l.target)
	l.c.leave()
}

// release gives e back, and drops it with the last lease if it has left.
func (c *Cluster) release(e *endpoint, t *target) {
	if e.active.Add(-1) > 0 || !t.left() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.active.Load() == 0 {
		delete(c.leaving, e)
	}
}

// record has Breaker and Ejection judge a result.
func (c *Cluster) record(e *endpoint, p pass, first bool, r Result, now time.Time) {
	if c.Breaker == nil && c.Ejection == nil {
		return
	}
	var turned bool
	var why string
	e.mu.Lock()
	if c.Breaker != nil && (first || !p.trial) {
		turned = e.health.breaker.record(p, r, now, c.Breaker)
	}
	if c.Ejection != nil && r != Neutral {
		why = e.health.outlier.record(r == Failed, now, c.Ejection)
	}
	e.mu.Unlock()
	if why != "" {
		c.eject(e, why, now)
	}
	if turned {
		c.refresh()
	}
}

// eject leaves e out, unless too many are already.
func (c *Cluster) eject(e *endpoint, why string, now time.Time) {
	c.mu.Lock()
	out := 0
	for _, other := range c.order {
		other.mu.Lock()
		if now.Before(other.health.outlier.until) {
			out++
		}
		other.mu.Unlock()
	}
	e.mu.Lock()
	o := &e.health.outlier
	if out >= c.Ejection.allowed(len(c.order)) || now.Before(o.until) || c.members[e.address] != e {
		e.mu.Unlock()
		c.mu.Unlock()
		e.counts.spared.Add(1)
		return
	}
	o.eject(now, c.Ejection)
	last := o.until.Sub(now)
	e.mu.Unlock()
	e.counts.ejections.Add(1)
	c.mu.Unlock()
	c.logger().Warn("upstream: endpoint is ejected", "endpoint", e.address, "for", last, "because", why)
	c.refresh()
}
