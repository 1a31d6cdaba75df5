package httpproxy

import "sync/atomic"

// Stats is a snapshot of what a [Proxy] has done in all its runs.
type Stats struct {
	Accepted   int64 // client connections accepted
	Open       int64 // of these open now
	Handshakes int64 // of these closed because TLS failed
	Cut        int64 // connections reset when the grace period ended
	Malformed  int64 // heads refused

	Answered   int64 // requests with a whole answer of upstream
	Refused    int64 // with an answer of the proxy's own, because of the request
	Unserved   int64 // with one because there was none of upstream
	ClientLeft int64 // whose client left
	Aborted    int64 // whose answer broke off
	CutOff     int64 // that were under way when the grace period ended

	Dialled int64 // connections to endpoints
	Stale   int64 // idle ones that turned out to be closed when they were used again

	AcceptErrors int64 // passing errors of Accept, as for want of descriptors; each was retried
	Full         int64 // times that accepting paused because MaxConns were open

	Routes []RouteStats // in the order of Proxy.Routes, and then those of Upstream
}

// Stats returns a snapshot. It may be called at any time.
func (p *Proxy) Stats() Stats {
	c := &p.stats
	s := Stats{
		Handshakes: c.handshakes.Load(), Cut: c.cut.Load(), Malformed: c.malformed.Load(),
		Answered: c.ended[outcomeAnswered].Load(), Refused: c.ended[refusedRequest].Load(),
		Unserved: c.ended[unserved].Load(), ClientLeft: c.ended[clientLeft].Load(),
		Aborted: c.ended[aborted].Load(), CutOff: c.ended[cutByDrain].Load(),
		Dialled: c.dialled.Load(), Stale: c.stale.Load(),
		AcceptErrors: c.acceptErrors.Load(), Full: c.full.Load(),
	}
	s.Open = -c.closed.Load() // read before accepted, so that it is never negative
	s.Accepted = c.accepted.Load()
	s.Open += s.Accepted
	for _, plan := range p.begin().router.plans {
		s.Routes = append(s.Routes, plan.stats())
	}
	return s
}

type counters struct {
	accepted, closed, handshakes, cut, malformed atomic.Int64
	dialled, stale, acceptErrors, full           atomic.Int64
	ended                                        [outcomes]atomic.Int64
}
