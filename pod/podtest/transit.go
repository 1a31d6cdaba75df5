package podtest

import "time"

// A pace is how fast a network is.
type pace struct {
	latency   time.Duration
	bandwidth int // bytes a second, in each direction of each connection; 0: no limit
}

// Slow makes the network slow for all that is sent from now on: what is written
// arrives after latency, and each direction of a connection carries no more than
// so many bytes a second, in portions of 50 ms. To connect takes twice the latency.
// Datagrams are late, and not limited. Slow(0, 0) makes it fast again; 0 bytes a
// second are no limit.
func (n *Network) Slow(latency time.Duration, bytesPerSecond int) {
	if latency <= 0 && bytesPerSecond <= 0 {
		n.pace.Store(nil)
		return
	}
	n.pace.Store(&pace{latency: latency, bandwidth: bytesPerSecond})
}

// A transit is what was written to a stream and has not arrived. The stream's lock
// guards it.
type transit struct {
	bytes    int // in all portions
	portions []portion
	sent     time.Time // when the last one has left
	timer    *time.Timer
}

// A portion arrives as a whole. One of no bytes is the end of the stream.
type portion struct {
	bytes int
	at    time.Time
}

func (t *transit) under() bool { return len(t.portions) > 0 }

func (t *transit) end() {
	if t.timer != nil {
		t.timer.Stop()
	}
	*t = transit{}
}

// sendLocked sets the last n bytes of the buffer on their way, or the end of the
// stream.
func (s *stream) sendLocked(n int) {
	t, p := &s.transit, s.road.network.pace.Load()
	if p == nil {
		if !t.under() && !s.road.cut.Load() {
			return // they are there
		}
		p = &pace{}
	}
	if now := time.Now(); t.sent.Before(now) {
		t.sent = now
	}
	t.bytes += n
	for {
		part := n
		if p.bandwidth > 0 {
			part = min(n, max(1, p.bandwidth/20))
			t.sent = t.sent.Add(time.Duration(part) * time.Second / time.Duration(p.bandwidth))
		}
		t.portions = append(t.portions, portion{part, t.sent.Add(max(p.latency, 0))})
		if n -= part; n <= 0 {
			break
		}
	}
	s.arriveLocked()
}

func (s *stream) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arriveLocked()
}

// arriveLocked takes in what is due, and comes back for the next.
func (s *stream) arriveLocked() {
	t := &s.transit
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	s.changed.Broadcast()
	if s.road.cut.Load() {
		return
	}
	now := time.Now()
	for t.under() && !t.portions[0].at.After(now) {
		t.bytes -= t.portions[0].bytes
		t.portions = t.portions[1:]
	}
	if t.under() {
		t.timer = time.AfterFunc(t.portions[0].at.Sub(now), s.arrive)
	}
}
