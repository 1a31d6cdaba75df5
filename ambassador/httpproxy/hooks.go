package httpproxy

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// What follows is where the request path meets the policies: route, admit, dress,
// again, answered and ended, in this order for each request.

// A policyState is what the policies keep of one request.
type policyState struct {
	plan    *plan
	part    *part
	repeat  repeat
	host    string // as it came, before Rewrite
	path    string
	client  netip.Addr // where it came from, as far as is believed
	traceID string
	copy    *shadowCopy
	peer    peerText // outlives the request
}

// route decides where x goes.
func (x *exchange) route() *refusal {
	s := &x.pol
	s.host, s.path = x.host, x.path()
	s.client = x.proxy.Forwarded.client(x.header, x.client().WithZone(""))
	s.plan = x.proxy.begin().router.find(x)
	p := s.plan
	if p != nil {
		p.counts.requests.Add(1)
		if p.Split != nil {
			s.part = p.parts.choose(x, rand.Uint64)
			s.part.count.requests.Add(1)
		}
	}
	x.traced()
	switch {
	case x.method == http.MethodConnect && !x.proxy.Connect:
		return &refusal{status: http.StatusMethodNotAllowed, why: "CONNECT is not allowed"}
	case p == nil:
		return &refusal{status: http.StatusNotFound, why: "no route"}
	}
	x.direct()
	return nil
}

// direct has x go where its route says.
func (x *exchange) direct() {
	s := &x.pol
	p := s.plan
	x.to, x.http2 = p.Upstream, p.HTTP2
	x.timeout = max(cmp.Or(p.Timeout, x.proxy.Timeout), 0)
	if s.part != nil && s.part.Upstream != nil {
		x.to, x.http2 = s.part.Upstream, s.part.HTTP2
	}
	x.key, x.hasKey = p.Key.of(x)
	if r := p.Retry; r != nil {
		x.tryTimeout = r.TryTimeout
		hasKey := x.header.has("Idempotency-Key") || x.header.has("X-Idempotency-Key")
		s.repeat = newRepeat(r, x.method, hasKey, x.upgrade != "")
		if s.repeat.more() {
			x.keep = int64(r.maxBody())
		}
	}
}

// admit waits for the limits of x's route.
func (x *exchange) admit() *refusal {
	s := &x.pol
	err := s.plan.Limits.enter(x.ctx)
	if err == nil {
		return nil
	}
	r := &refusal{status: http.StatusServiceUnavailable, why: "no room", err: err}
	if over, ok := errors.AsType[*limited](err); ok {
		s.plan.counts.limited.Add(1)
		r.status, r.why = over.code, over.Error()
		r.header.add("Retry-After", over.retryAfter())
	}
	return r
}

// leave is called once when a request that was admitted is over.
func (x *exchange) leave() { x.pol.plan.Limits.leave() }

// dress changes x's fields into those that are sent.
func (x *exchange) dress() {
	p := x.pol.plan
	if p.Rewrite != nil {
		p.edits.rewrite(x)
		p.edits.request.apply(&x.header)
	}
	if _, own := x.down.(nowhere); !own { // a request of this process has had no way
		peer := x.client().WithZone("")
		x.proxy.Forwarded.tell(&x.header, way{peer: peer, text: x.pol.peer.of(peer), host: x.pol.host, secure: x.secure})
	}
	if p.Shadow != nil {
		x.shadowed()
	}
}

// again tells whether to try once more, and after which pause.
func (x *exchange) again(f failure) (wait time.Duration, ok bool) {
	a := attempt{status: f.status}
	switch {
	case f.status != 0:
		a.retryAfter = x.result.header.get("Retry-After")
	case f.sent:
		a.ending = tryBroken
	default:
		a.ending = tryUnseen
	}
	var left time.Duration
	if !x.deadline.IsZero() {
		left = max(time.Until(x.deadline), 1)
	}
	v, wait := x.pol.repeat.after(a, left)
	if v == exhausted {
		x.pol.plan.counts.exhausted.Add(1)
	}
	if v == tryAgain && x.proxy.Trace != nil && x.proxy.Trace.Try != nil {
		r := x.record(time.Since(x.began))
		r.Status, r.Err = f.status, f.err
		x.proxy.Trace.Try(x.ctx, r)
	}
	return wait, v == tryAgain
}

// answered may change the answer that is passed on, before that is sent.
func (x *exchange) answered(a *answer) {
	if p := x.pol.plan; p != nil && p.Rewrite != nil {
		p.edits.answer.apply(&a.header)
	}
}

// ended is called once for each request, when all is over.
func (x *exchange) ended() {
	s := &x.pol
	took := time.Since(x.began)
	if s.plan != nil {
		s.plan.counts.count(x, took)
	}
	if s.copy != nil {
		s.copy.finish(x.bodyIsThere())
	}
	log, trace := x.proxy.Log, x.proxy.Trace
	if log == nil && (trace == nil || trace.End == nil) {
		return
	}
	r := x.record(took)
	if log != nil {
		to := log.Logger
		if to == nil {
			to = sandbox.Logger(x.ctx)
		}
		log.write(x.ctx, to, &r, x.header)
	}
	if trace != nil && trace.End != nil {
		trace.End(x.ctx, r)
	}
}

// from is where x came from, as far as is believed.
func (x *exchange) from() netip.Addr { return x.pol.client }
