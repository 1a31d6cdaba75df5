package httpproxy

import (
	"sync/atomic"
	"time"
)

// RouteStats is a snapshot of a [Route], over all runs. Each request that began is
// in Active, and when it is over in exactly one of Classes, Refused, Left and Broken.
type RouteStats struct {
	Name      string            // empty: of the requests that no Route is for
	Requests  int64             // requests that began
	Active    int64             // of these not over yet
	Classes   [5]int64          // whole answers of upstream with a status of 1xx (that is 101), 2xx, 3xx, 4xx and 5xx
	Refused   int64             // answered by the proxy itself: over a limit, or without an answer from upstream
	Left      int64             // whose client left before all was sent
	Broken    int64             // whose answer was cut
	Limited   int64             // of Refused, those that were over Limits
	Retries   int64             // tries after the first of each request
	Exhausted int64             // requests that were not tried again because of the Budget
	Latency   Histogram         // until all of the answer was sent, of what is in Classes
	Endpoints []EndpointLatency // by address, of the endpoints used last, at most 1,024
	Parts     []PartStats       // in the order of the Split's
	Shadow    ShadowStats       // of the Route's Shadow
}

// EndpointLatency is a snapshot of what a Route has had from one endpoint. What
// the Cluster counts of it is in upstream.EndpointStats.
type EndpointLatency struct {
	Address  string    // as in upstream.Endpoint
	Requests int64     // that ended there, with an answer or without
	Failed   int64     // of these, without a whole answer or with a status of 5xx
	Latency  Histogram // of the last try until the head of its answer was there
}

// PartStats is a snapshot of a part of a Split.
type PartStats struct {
	Name     string // as in Part
	Requests int64  // requests that it was chosen for
}

type partCounter struct{ requests atomic.Int64 }

type routeCounters struct {
	requests, over              atomic.Int64
	classes                     [5]atomic.Int64
	refused, left, broken       atomic.Int64
	limited, retries, exhausted atomic.Int64
	latency                     histogram
	endpoints                   endpoints
	shadow                      shadowCounters
}

// count takes a request that is over.
func (c *routeCounters) count(x *exchange, took time.Duration) {
	switch class := x.status/100 - 1; {
	case x.outcome == clientLeft:
		c.left.Add(1)
	case x.own:
		c.refused.Add(1)
	case x.err != nil || class < 0 || class >= len(c.classes):
		c.broken.Add(1)
	default:
		c.classes[class].Add(1)
		c.latency.observe(took)
	}
	if x.tries > 1 {
		c.retries.Add(int64(x.tries - 1))
	}
	if x.endpoint != "" && x.outcome != clientLeft {
		c.endpoints.of(x.endpoint).count(x)
	}
	c.over.Add(1)
}

func (p *plan) stats() RouteStats {
	c := &p.counts
	s := RouteStats{
		Name:      p.name,
		Refused:   c.refused.Load(),
		Left:      c.left.Load(),
		Broken:    c.broken.Load(),
		Limited:   c.limited.Load(),
		Retries:   c.retries.Load(),
		Exhausted: c.exhausted.Load(),
		Latency:   c.latency.snapshot(),
		Endpoints: c.endpoints.snapshot(),
		Shadow:    c.shadow.snapshot(),
	}
	for i := range c.classes {
		s.Classes[i] = c.classes[i].Load()
	}
	for i := range p.parts.all {
		s.Parts = append(s.Parts, PartStats{Name: p.parts.all[i].name, Requests: p.parts.all[i].count.requests.Load()})
	}
	over := c.over.Load() // before requests, so that Active is never negative
	s.Requests = c.requests.Load()
	s.Active = s.Requests - over
	return s
}
