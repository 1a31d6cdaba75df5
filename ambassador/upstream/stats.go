package upstream

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a Cluster. Counters count over all runs.
type Stats struct {
	Endpoints       []EndpointStats // by address, those that are draining last
	Panic           bool            // too few endpoints are well, and all are used
	Active          int             // leases now
	Waiting         int             // that wait for a limit now
	NoEndpoint      int64           // calls of Pick, and tries of Dial, that found none
	Limited         int64           // that a limit turned away
	Updates         int64           // changes of the set
	DiscoveryErrors int64           // why the set could not be changed
}

// EndpointStats is a snapshot of one endpoint. Its counters begin when it joins
// the set, and go on while it stays or has leases.
type EndpointStats struct {
	Endpoint
	State       State         // how it is
	Active      int           // leases now
	Picked      int64         // leases so far
	Succeeded   int64         // reports of success
	Failed      int64         // of failure
	Neutral     int64         // of neither
	Ejections   int64         // how often it was ejected
	Spared      int64         // how often it would have been, if not too many were
	ChecksOK    int64         // active checks that it passed
	ChecksNotOK int64         // that it failed
	Latency     time.Duration // what PeakEWMA expects; 0: nothing is known, or another Balancer
}

type counters struct{ updates, discoveryErrors, noEndpoint, limited atomic.Int64 }

type endpointCounters struct {
	picked, succeeded, failed, neutral, ejections, spared, passed, notPassed atomic.Int64
}

// Stats returns what there is now. It may be called at any time.
func (c *Cluster) Stats() Stats {
	if c.begin() != nil {
		return Stats{}
	}
	now := time.Now()
	c.fresh(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		Active:          int(c.active.Load()),
		Waiting:         int(c.queue.waiting.Load()),
		NoEndpoint:      c.counts.noEndpoint.Load(),
		Limited:         c.counts.limited.Load(),
		Updates:         c.counts.updates.Load(),
		DiscoveryErrors: c.counts.discoveryErrors.Load(),
	}
	if t := c.table.Load(); t != nil {
		s.Panic = t.panics
	}
	for _, e := range c.order {
		s.Endpoints = append(s.Endpoints, c.statsLocked(e, e.state, now))
	}
	members := len(s.Endpoints)
	for e := range c.leaving {
		if e.active.Load() > 0 {
			s.Endpoints = append(s.Endpoints, c.statsLocked(e, Draining, now))
		}
	}
	slices.SortFunc(s.Endpoints[members:], func(a, b EndpointStats) int { return strings.Compare(a.Address, b.Address) })
	return s
}

func (c *Cluster) statsLocked(e *endpoint, s State, now time.Time) EndpointStats {
	stats := EndpointStats{
		Endpoint:    e.spec.Load().Endpoint,
		State:       s,
		Active:      int(e.active.Load()),
		Picked:      e.counts.picked.Load(),
		Succeeded:   e.counts.succeeded.Load(),
		Failed:      e.counts.failed.Load(),
		Neutral:     e.counts.neutral.Load(),
		Ejections:   e.counts.ejections.Load(),
		Spared:      e.counts.spared.Load(),
		ChecksOK:    e.counts.passed.Load(),
		ChecksNotOK: e.counts.notPassed.Load(),
	}
	if b, ok := c.Balancer.(learner); ok {
		stats.Latency = b.expects(e, now)
	}
	return stats
}
