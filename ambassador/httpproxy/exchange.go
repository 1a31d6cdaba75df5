package httpproxy

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// An outcome is how an exchange ended.
type outcome int

const (
	outcomeAnswered outcome = iota // the client has a whole answer of upstream
	refusedRequest                 // the proxy's own answer, because of the request: 4xx, 501, 505
	unserved                       // the proxy's own answer, because there was none of upstream: 502, 503, 504
	clientLeft                     // before it had its answer
	aborted                        // the answer broke off
	cutByDrain                     // the grace period ended
	outcomes
)

// An exchange is one request and what becomes of it, over any version of HTTP. It
// is used again for another request when it is over: strings of it may be kept,
// slices must be copied.
type exchange struct {
	proxy *Proxy
	ctx   context.Context // carries the sandbox; ends when the client leaves, or the grace period does
	down  downstream

	// The request.
	method        string
	target        string // in origin-form, byte for byte; "*" for OPTIONS, "host:port" for CONNECT
	host          string
	header        fields // end-to-end fields only
	length        int64  // of the body; -1: unknown, 0: none
	minor         int    // of HTTP/1, major is then 1
	major         int
	secure        bool
	remote, local net.Addr
	began         time.Time
	upgrade       string // the protocols that the client offers
	trailers      bool   // it takes trailers
	expects       bool   // it waits for 100 before it sends the body
	saidLength    bool   // there was a Content-Length
	plain         bool   // no policy is asked, and nothing counted

	// What route decides.
	to                  *upstream.Cluster
	http2               bool
	timeout, tryTimeout time.Duration
	key                 string
	hasKey              bool
	keep                int64
	tap                 bool
	pol                 policyState

	// What has come of it.
	tries             int
	sent              bool
	status            int
	bytesIn, bytesOut int64
	endpoint          string
	err               error
	outcome           outcome
	own               bool
	result            *answer
	took              time.Duration // of the last try, until its answer began

	body     upload
	answers  [2]answer
	tried    []*upstream.Lease
	deadline time.Time
	frame    frame // of the request, then of the answer
	in, out  body  // the two bodies, where they are HTTP/1
	head     head  // of the request, where it is HTTP/1

	mu   sync.Mutex
	left bool    // the client has
	cur  *upConn // what is to be closed then
	quit func()  // or called
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// reset makes x one that is new, but for the room its slices have.
func (x *exchange) reset() {
	f, h0, h1, h, tried := x.frame.out, x.answers[0].fields, x.answers[1].fields, x.head.fields, x.tried
	peer := x.pol.peer
	if cap(x.header) > cap(h) { // what was added has made it grow
		clear(h)
		h = x.header
	}
	clear(h0)
	clear(h1)
	clear(h)
	clear(tried)
	*x = exchange{tried: tried[:0]}
	x.pol.peer = peer
	if cap(f) <= maxKeptOut {
		x.frame.out = f[:0]
	}
	x.answers[0].fields, x.answers[1].fields, x.head.fields = h0[:0], h1[:0], h[:0]
}

const maxKeptOut = 32 << 10

func (x *exchange) path() string {
	path, _, _ := strings.Cut(x.target, "?")
	return path
}

// cookie returns the value of the first cookie of that name.
func (x *exchange) cookie(name string) string {
	for v := range x.header.values("Cookie") {
		for v != "" {
			var one string
			one, v, _ = strings.Cut(v, ";")
			if n, value, ok := strings.Cut(trim(one), "="); ok && n == name {
				return value
			}
		}
	}
	return ""
}

// client is the peer's address, which is invalid where it has none.
func (x *exchange) client() netip.Addr {
	if a, ok := x.remote.(interface{ AddrPort() netip.AddrPort }); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// abandon ends x because its client has left, or has to.
func (x *exchange) abandon() { x.drop(true) }

// drop breaks off what upstream is doing for x.
func (x *exchange) drop(left bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.left = x.left || left
	if x.cur != nil {
		x.cur.Close()
	}
	if x.quit != nil {
		x.quit()
	}
}

func (x *exchange) hasLeft() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.left || x.ctx.Err() != nil
}

// hold has abandon close c, until it is nil. It returns false if the client has left.
func (x *exchange) hold(c *upConn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cur = c
	return !x.left
}

// serve answers the request, whose own fields are set.
func (x *exchange) serve() {
	r := x.route()
	admitted := false
	if r == nil {
		if r = x.admit(); r == nil {
			admitted = true
			x.dress()
			r = x.fetch()
		}
	}
	switch {
	case r != nil && x.hasLeft():
		x.outcome, x.err = clientLeft, r.err
	case r != nil:
		x.own, x.err = true, r.err
		if x.outcome = refusedRequest; r.status >= 500 && r.status != 501 && r.status != 505 {
			x.outcome = unserved
		}
		x.down.refuse(x, r)
	default:
		x.pass()
	}
	if admitted {
		x.leave()
	}
	x.finish()
}

// finish counts x and tells of it.
func (x *exchange) finish() {
	if x.plain {
		return
	}
	if x.outcome == clientLeft && x.proxy.cutting.Load() {
		x.outcome = cutByDrain
	}
	x.proxy.stats.ended[x.outcome].Add(1)
	x.ended()
}

// brokenOff tells whether there is no whole answer, and none may be seen.
func (x *exchange) brokenOff() bool {
	return x.outcome == aborted || x.outcome == clientLeft || x.outcome == cutByDrain
}

// pass passes the result on, and gives back what it took.
func (x *exchange) pass() {
	a := x.result
	x.answered(a)
	x.status = a.status
	x.hold(a.conn)
	err := x.down.relay(x, a)
	switch {
	case err == nil:
		x.outcome = outcomeAnswered
	case x.body.failed():
		x.outcome, x.err = clientLeft, err
	case x.hasLeft() || !isAbort(err):
		x.outcome, x.err = clientLeft, err
	default:
		x.outcome, x.err = aborted, err
		a.lease.Report(upstream.Failed, time.Since(x.began))
	}
	x.body.stop()
	a.close(x, err == nil)
}
