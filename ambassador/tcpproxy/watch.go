package tcpproxy

import (
	"time"

	"github.com/podpatterns/podpatterns/internal/sockets"
)

// A pair's silence is watched only while it has a limit, by a timer and not by
// read deadlines: those would break a TLS handshake, and not every Upstream's
// connections have them.

// touch notes that bytes moved.
func (p *pair) touch() { p.last.Store(int64(time.Since(p.run.began))) }

func (p *pair) silence() time.Duration {
	return time.Since(p.run.began) - time.Duration(p.last.Load())
}

// watch has the pair end when it has been silent for as long as it may be now.
func (p *pair) watch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchLocked()
}

func (p *pair) watchLocked() {
	limit, _ := p.limitLocked()
	left := limit - p.silence()
	switch {
	case limit == 0 || p.ending != running || p.upstream == nil: // dialling has a limit of its own
	case p.timer == nil:
		p.timer = time.AfterFunc(left, p.check)
	default:
		p.timer.Reset(left)
	}
}

func (p *pair) check() {
	p.mu.Lock()
	limit, e := p.limitLocked()
	if p.movingLocked(e) {
		p.touch()
	}
	over := p.silence() >= limit
	if !over {
		p.watchLocked()
	}
	p.mu.Unlock()
	if over {
		p.end(e)
	}
}

// limitLocked returns how long the pair may be silent now, 0 for ever, and how
// it ends then. A half-closed one is never taken for idle: its other direction
// is the answer that somebody waits for.
func (p *pair) limitLocked() (time.Duration, ending) {
	switch {
	case p.up.ended.Load() || p.down.ended.Load():
		return p.run.proxy.halfCloseIdle(), expired
	case p.run.draining.Load() && shorter(p.run.proxy.DrainIdle, p.run.proxy.Idle):
		return p.run.proxy.DrainIdle, idle
	}
	return p.run.proxy.Idle, idleExpired
}

// shorter tells whether a limit a ends before b. 0 is none.
func shorter(a, b time.Duration) bool { return a > 0 && (b == 0 || a < b) }

// movingLocked tells whether bytes are on their way although none was read.
// Bytes in hand are never dropped for the sake of DrainIdle, but a half-closed
// pair's reader that has stopped to take them for good would hold it for ever.
func (p *pair) movingLocked(e ending) bool {
	busy := p.busy.Load() > 0
	if e == idle {
		return busy
	}
	client, upstream := sockets.Inspect(socket(p.client)), sockets.Inspect(socket(p.upstream))
	if !busy && !client.Pending && !upstream.Pending {
		return false
	}
	before := p.acked
	p.acked = client.Acked + upstream.Acked
	return p.acked != before || busy && !(client.Known && upstream.Known)
}
