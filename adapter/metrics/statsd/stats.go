package statsd

// Stats is what a Source has done since it was made, all its runs together.
type Stats struct {
	Packets       uint64            // datagrams read
	Bytes         uint64            // bytes read, over TCP as well
	Samples       uint64            // taken
	Rejected      map[string]uint64 // left out, by the reason; those that have happened
	RuleDropped   uint64            // samples that a rule says to drop
	Overflowed    uint64            // samples in an overflow series
	Events        uint64            // of DogStatsD
	ServiceChecks uint64            // of DogStatsD
	Expired       uint64            // series that have ended
	KernelDropped uint64            // datagrams that the kernel dropped, on linux
	Accepted      uint64            // TCP connections
	Refused       uint64            // TCP connections that were too many

	Series        int // now
	Connections   int // TCP, now
	ReceiveBuffer int // bytes granted for UDP; 0: not known
}

// Stats returns a snapshot.
func (s *Source) Stats() Stats {
	t := &s.table
	t.mu.Lock()
	c, series := t.count, t.series
	t.mu.Unlock()
	n := s.network.now()
	st := Stats{
		Packets: sum(c.packets[:]), Bytes: sum(c.bytes[:]), Samples: sum(c.samples[:]), Rejected: map[string]uint64{},
		RuleDropped: c.dropped, Overflowed: c.overflowed, Events: sum(c.events[:]), ServiceChecks: sum(c.checks[:]),
		Expired: c.expired, KernelDropped: n.drops[overUDP], Accepted: n.accepted, Refused: n.refused,
		Series: series, Connections: int(n.open), ReceiveBuffer: n.granted[overUDP],
	}
	for i, v := range c.rejected {
		if v > 0 {
			st.Rejected[reasonNames[i]] = v
		}
	}
	return st
}

func sum(all []uint64) (n uint64) {
	for _, v := range all {
		n += v
	}
	return n
}
