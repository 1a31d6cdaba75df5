package httpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// A failure is what a try has ended with.
type failure struct {
	status  int   // upstream answered with it; 0: it did not
	err     error // why it did not
	sent    bool  // bytes of the request may have arrived
	timeout bool

	retryAfter string // the answer's field
}

// fetch tries until it has an answer that is passed on, which is in result then.
func (x *exchange) fetch() *refusal {
	if x.timeout > 0 {
		x.deadline = x.began.Add(x.timeout)
	}
	if x.tap && len(x.body.first) > 0 {
		x.bodyChunk(x.body.first)
	}
	for {
		l, err := x.pick()
		if err != nil {
			return x.settle(noEndpoint(err))
		}
		x.endpoint = l.Endpoint().Address
		x.tries++
		a := &x.answers[0]
		if a == x.result {
			a = &x.answers[1]
		}
		began := time.Now()
		f := failure{err: x.attempt(a, l)}
		x.took = time.Since(began)
		if f.err == nil {
			x.judge(l, a.status)
			x.drop1()
			x.result = a
			if a.status < 400 {
				return nil
			}
			f.status, f.sent, f.retryAfter = a.status, true, a.header.get("Retry-After")
			if !x.once(f) {
				return nil
			}
			continue
		}
		a.close(x, false)
		x.body.detach()
		if r := x.ownFault(l, f.err); r != nil {
			return r
		}
		f.sent = x.sent
		f.timeout = errors.Is(f.err, os.ErrDeadlineExceeded) || errors.Is(f.err, context.DeadlineExceeded)
		l.Report(upstream.Failed, x.took)
		if !x.once(f) {
			l.Done()
			return x.settle(unanswered(f))
		}
		l.Done()
		x.tried = append(x.tried, l)
	}
}

// drop1 lets go of an answer that was to be passed on if no other came.
func (x *exchange) drop1() {
	if x.result != nil {
		x.result.close(x, false)
		x.result = nil
	}
}

// settle passes on an earlier answer, if there is one, instead of r.
func (x *exchange) settle(r *refusal) *refusal {
	if x.result != nil {
		return nil
	}
	return r
}

// once tells whether to try once more, after waiting for that.
func (x *exchange) once(f failure) bool {
	if x.plain || !x.body.replayable() || x.hasLeft() || !x.deadline.IsZero() && !time.Now().Before(x.deadline) {
		return false
	}
	wait, ok := x.again(f)
	if !ok {
		return false
	}
	if f.status != 0 {
		x.tried = append(x.tried, x.result.lease)
		x.body.detach()
	}
	return x.sleep(wait)
}

func (x *exchange) sleep(d time.Duration) bool {
	if !x.deadline.IsZero() && time.Until(x.deadline) <= d {
		return false
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return !x.hasLeft()
	case <-x.ctx.Done():
		return false
	}
}

// pick chooses an endpoint, one that was not tried if there is one.
func (x *exchange) pick() (*upstream.Lease, error) {
	ctx := x.ctx
	if !x.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, x.deadline)
		defer cancel()
	}
	if x.hasKey {
		ctx = upstream.WithKey(ctx, x.key)
	}
	l, err := x.to.Pick(ctx, x.tried...)
	if err != nil && len(x.tried) > 0 && errors.Is(err, upstream.ErrNoEndpoint) {
		l, err = x.to.Pick(ctx)
	}
	return l, err
}

// judge reports what an answer says of its endpoint.
func (x *exchange) judge(l *upstream.Lease, status int) {
	result := upstream.Succeeded
	if status >= 500 && status != 501 {
		result = upstream.Failed
	}
	l.Report(result, x.took)
}

// ownFault tells whether a try has failed because of the client, or because of this
// side, which counts against nobody.
func (x *exchange) ownFault(l *upstream.Lease, err error) *refusal {
	why := x.body.failure()
	switch {
	case isBad(why):
		b, _ := errors.AsType[*badMessage](why)
		l.Done()
		return &refusal{status: b.status, why: b.why, err: why}
	case x.hasLeft() || x.ctx.Err() != nil:
		l.Done()
		x.abandon()
		return &refusal{status: 499, why: "the client has left", err: err}
	}
	return nil
}

func noEndpoint(err error) *refusal {
	r := &refusal{status: 503, why: "no endpoint", err: err}
	r.header.add("Retry-After", "1")
	return r
}

func unanswered(f failure) *refusal {
	if f.timeout {
		return &refusal{status: 504, why: "upstream did not answer in time", err: f.err}
	}
	return &refusal{status: 502, why: "upstream did not answer", err: f.err}
}

// dial connects to the endpoint of l.
func (x *exchange) dial(l *upstream.Lease, p *pool, until time.Time) (*upConn, error) {
	ctx, cancel := context.WithTimeout(x.ctx, x.proxy.dialTimeout())
	defer cancel()
	if !until.IsZero() {
		var sooner context.CancelFunc
		ctx, sooner = context.WithDeadline(ctx, until)
		defer sooner()
	}
	ctx = upstream.WithClient(ctx, x.remote, x.local)
	conn, err := l.Dial(ctx)
	if err != nil {
		return nil, err
	}
	x.proxy.stats.dialled.Add(1)
	if t, ok := lowest(conn).(*net.TCPConn); ok {
		t.SetNoDelay(true)
	}
	return &upConn{wire: wire{Conn: conn}, pool: p, probe: newProber(conn)}, nil
}

func wrap(l *upstream.Lease, err error) error { return fmt.Errorf("%s: %w", l.Endpoint().Address, err) }
