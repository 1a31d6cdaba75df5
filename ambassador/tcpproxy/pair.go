package tcpproxy

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/internal/sockets"
)

// An ending is why a pair ended. The first one stays.
type ending int32

const (
	running       ending = iota
	completed            // both directions have ended
	idle                 // silent for DrainIdle in a drain
	refused              // the rest are reset: what came before its bytes was wrong
	crowded              // too many of one address
	unserved             // no upstream
	clientReset          //
	upstreamReset        //
	expired              // half-closed, and silent for HalfCloseIdle
	idleExpired          // open, and silent for Idle
	cut                  // the grace period has ended
	ends          = iota
)

// A pair is a client's connection and its upstream one.
type pair struct {
	run      *run
	remote   net.Addr   // of the accepted connection
	from     net.Addr   // whom it is for: remote, or what the PROXY header says
	dest     net.Addr   // whom that one has connected to
	to       Upstream   // whom the client wants
	addr     netip.Addr // counted in run.crowd
	up, down stream
	over     chan struct{} // closed when the pair ends

	last atomic.Int64 // when bytes moved, since the run began
	busy atomic.Int32 // directions that have bytes in hand
	left atomic.Int32 // directions that are still copied

	mu       sync.Mutex
	client   net.Conn // replaced while greeting
	upstream net.Conn // nil while dialling
	giveUp   context.CancelFunc
	ending   ending
	broken   ending      // clientReset or upstreamReset, once that side is known to be
	timer    *time.Timer // see check
	acked    uint64      // likewise
}

func newPair(r *run, client net.Conn) *pair {
	remote := client.RemoteAddr()
	return &pair{
		run: r, client: client, remote: remote, from: remote, dest: client.LocalAddr(),
		to: r.proxy.Upstream, over: make(chan struct{}),
	}
}

// serve is the beginning of a pair's life: greet and dial. Then each direction
// goes on by itself, on a stack of its own: that of a dial is large, and would
// stay so.
func (p *pair) serve() {
	joined := false
	defer func() { // also where Dial does not even return, as by runtime.Goexit
		if !joined {
			p.end(unserved)
			p.run.forget(p)
		}
	}()
	if !p.greet() {
		return
	}
	upstream, err := p.dial()
	switch {
	case err == nil && p.join(upstream):
		joined = true
		p.run.handlers.Go(p.up.run)
		p.run.handlers.Go(p.down.run)
	case err == nil:
		reset(upstream)
	case p.run.grace.Err() != nil:
		p.end(cut) // says nothing of the upstream
	}
}

// join makes upstream the other end, unless the pair was cut while it dialled.
func (p *pair) join(upstream net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending != running {
		return false
	}
	stats := &p.run.proxy.stats
	var ahead []byte
	p.client, ahead = unpeek(p.client)
	p.upstream, p.giveUp = upstream, nil
	p.left.Store(2)
	rawClient, rawUpstream := raw(p.client), raw(upstream)
	p.up = stream{pair: p, src: p.client, dst: upstream, rawSrc: rawClient, rawDst: rawUpstream, ahead: ahead,
		other: &p.down, moved: &stats.toUpstream, srcReset: clientReset, dstReset: upstreamReset}
	p.down = stream{pair: p, src: upstream, dst: p.client, rawSrc: rawUpstream, rawDst: rawClient,
		other: &p.up, moved: &stats.fromUpstream, srcReset: upstreamReset, dstReset: clientReset}
	p.touch()
	p.watchLocked()
	return true
}

// finish is told that s has ended and how, and ends the pair if nothing is left
// for the other direction to do.
func (p *pair) finish(s *stream, how outcome) {
	p.touch()
	p.mu.Lock()
	s.ended.Store(true)
	if p.broken == running {
		switch how {
		case sourceBroke:
			p.broken = s.srcReset
		case targetBroke:
			p.broken = s.dstReset
		}
	}
	broken := p.broken
	last := s.other.ended.Load() || how == sourceBroke
	if !last || broken != running {
		p.watchLocked()
	}
	p.mu.Unlock()

	switch {
	case last && broken != running:
		p.settle()
		p.end(broken)
	case last:
		p.end(completed)
	case how == targetBroke:
		// What it sent before it broke is still to be read: an early answer, say.
	case !s.closeTarget() && !canCloseWrite(s.src):
		// Neither side knows half of a close, so this was a whole one.
		p.end(completed)
	}
}

// settle waits until what was written has arrived, since a reset makes the
// kernel drop what it has not sent yet (compare envoy#45190).
func (p *pair) settle() {
	for pause := time.Millisecond; p.delivering(); pause = min(2*pause, maxSettlePause) {
		select {
		case <-time.After(pause):
		case <-p.over:
			return
		}
	}
}

const maxSettlePause = 50 * time.Millisecond // nothing tells when a send queue has run empty

// delivering tells whether the kernel has bytes that it is known to be sending.
func (p *pair) delivering() bool {
	return sockets.Inspect(socket(p.client)).Pending || sockets.Inspect(socket(p.upstream)).Pending
}

// end ends the pair for this reason and unblocks both directions. It returns
// false if the pair has ended already.
func (p *pair) end(e ending) bool {
	p.mu.Lock()
	if p.ending != running {
		p.mu.Unlock()
		return false
	}
	p.ending = e
	if p.timer != nil {
		p.timer.Stop()
	}
	client, upstream, giveUp := p.client, p.upstream, p.giveUp
	p.mu.Unlock()

	p.run.proxy.stats.ended[e].Add(1)
	close(p.over)
	shut := reset
	if e == completed || e == idle {
		shut = closeConn
	}
	if giveUp != nil {
		giveUp()
	}
	shut(client)
	if upstream != nil {
		shut(upstream)
	}
	return true
}

func (p *pair) ended() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}
