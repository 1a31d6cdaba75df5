package tcpproxy

import "sync/atomic"

// Stats is a snapshot of what a [Proxy] has done in all its runs. Each accepted
// connection is in Active, and when it has ended in exactly one of Completed,
// Refused, Crowded, Unserved, ClientResets, UpstreamResets, HalfCloseExpired,
// IdleExpired, IdleClosed and Cut.
type Stats struct {
	Accepted int64 // client connections accepted
	Active   int64 // of these open now, those that are still dialling included

	Dialled int64 // upstream connections made

	ToUpstream   int64 // bytes written to upstream, of a bulk transfer up to the last second
	FromUpstream int64 // bytes written to clients, likewise

	Completed        int64 // both sides closed
	Refused          int64 // reset, because of its PROXY header, TLS handshake or server name, or because they took too long
	Crowded          int64 // reset, because MaxConnsPerClient of its address were open
	Unserved         int64 // reset, because no upstream could be dialled
	ClientResets     int64 // reset by the client or given up by its TCP, also while dialling, and so towards upstream
	UpstreamResets   int64 // reset by upstream or given up by its TCP, and so towards the client
	HalfCloseExpired int64 // reset after HalfCloseIdle of silence
	IdleExpired      int64 // reset after Idle of silence
	IdleClosed       int64 // closed in a drain after DrainIdle of silence
	Cut              int64 // reset when the grace period ended

	AcceptErrors int64 // passing errors of Accept, as for want of descriptors; each was retried
	Full         int64 // times that accepting paused because MaxConns were open
	Throttled    int64 // times that it paused because of Rate
}

// Stats returns a snapshot. It may be called at any time.
func (p *Proxy) Stats() Stats {
	c := &p.stats
	s := Stats{
		Dialled:          c.dialled.Load(),
		ToUpstream:       c.toUpstream.Load(),
		FromUpstream:     c.fromUpstream.Load(),
		Completed:        c.ended[completed].Load(),
		Refused:          c.ended[refused].Load(),
		Crowded:          c.ended[crowded].Load(),
		Unserved:         c.ended[unserved].Load(),
		ClientResets:     c.ended[clientReset].Load(),
		UpstreamResets:   c.ended[upstreamReset].Load(),
		HalfCloseExpired: c.ended[expired].Load(),
		IdleExpired:      c.ended[idleExpired].Load(),
		IdleClosed:       c.ended[idle].Load(),
		Cut:              c.ended[cut].Load(),
		AcceptErrors:     c.acceptErrors.Load(),
		Full:             c.full.Load(),
		Throttled:        c.throttled.Load(),
	}
	// accepted is read last, so that Active is never negative.
	s.Accepted = c.accepted.Load()
	s.Active = s.Accepted - s.Completed - s.Refused - s.Crowded - s.Unserved - s.ClientResets - s.UpstreamResets -
		s.HalfCloseExpired - s.IdleExpired - s.IdleClosed - s.Cut
	return s
}

type counters struct {
	accepted, dialled        atomic.Int64
	toUpstream, fromUpstream atomic.Int64
	acceptErrors             atomic.Int64
	full, throttled          atomic.Int64
	ended                    [ends]atomic.Int64
}
