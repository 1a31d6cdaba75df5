package httpproxy

import (
	"errors"
	"io"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// attempt sends the request to the endpoint of l and reads the head of its answer
// into a, which then holds l.
func (x *exchange) attempt(a *answer, l *upstream.Lease) error {
	*a = answer{head: head{fields: a.fields[:0]}}
	x.sent = false
	until := x.deadline
	if x.tryTimeout > 0 {
		if t := time.Now().Add(x.tryTimeout); until.IsZero() || t.Before(until) {
			until = t
		}
	}
	if x.http2 {
		return x.attempt2(a, l, until)
	}
	for fresh := false; ; fresh = true {
		p, c := x.proxy.pools.get(l)
		for c != nil && (fresh || !c.wake()) {
			c.Close()
			p, c = x.proxy.pools.get(l)
		}
		reused := c != nil
		if c == nil {
			var err error
			if c, err = x.dial(l, p, until); err != nil {
				return err
			}
		}
		err := x.exchangeOn(c, a, until)
		if err == nil {
			a.lease = l
			return nil
		}
		x.hold(nil)
		silent := c.w == 0
		c.release()
		c.Close()
		if !reused || !silent || !broken(err) || !idempotent(x.method) || x.hasLeft() {
			return wrap(l, err)
		}
		if x.body.detach(); !x.body.replayable() || x.body.failure() != nil {
			return wrap(l, err)
		}
		x.proxy.stats.stale.Add(1)
	}
}

// broken tells an end or a reset from a time-out.
func broken(err error) bool {
	var t interface{ Timeout() bool }
	return !isBad(err) && !(errors.As(err, &t) && t.Timeout())
}

// idempotent methods may be sent again on a new connection when an idle one turns
// out to be closed (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// exchangeOn is one request and the head of its answer on c.
func (x *exchange) exchangeOn(c *upConn, a *answer, until time.Time) error {
	if !x.hold(c) {
		return errLeft
	}
	if !until.IsZero() {
		c.SetDeadline(until)
	}
	f := &x.frame
	f.conn, f.chunked = c.Conn, x.length < 0
	f.out = x.appendRequest(f.out[:0])
	x.sent = true
	wrote := x.body.begin(f)
	f.out = f.out[:0]
	if err := x.readAnswer(c, a); err != nil {
		if wrote != nil && err == io.EOF {
			return wrote
		}
		return err
	}
	if wrote != nil {
		a.keep = false // it answered early and closed
	}
	if !until.IsZero() {
		c.SetDeadline(time.Time{})
	}
	return nil
}

var errLeft = errors.New("the client has left")

// maxInterim keeps an upstream from sending interim answers for ever.
const maxInterim = 100

// readAnswer reads heads up to one that is not interim.
func (x *exchange) readAnswer(c *upConn, a *answer) error {
	for range maxInterim {
		s, err := c.readHead(maxAnswerHead, nil)
		if err != nil {
			if err == errFull {
				return bad(502, "the head of the answer has more than %d bytes", maxAnswerHead)
			}
			return err
		}
		if err := a.parseResponse(s); err != nil {
			return err
		}
		if a.status >= 200 || a.status == 101 {
			return x.beginAnswer(c, a)
		}
		if x.minor > 0 || x.major > 1 {
			a.fields = endToEnd(a.fields)
			x.down.inform(&a.head)
		}
	}
	return bad(502, "more than %d interim answers", maxInterim)
}

const maxAnswerHead = 256 << 10

// beginAnswer finds out how the body of an answer ends.
func (x *exchange) beginAnswer(c *upConn, a *answer) error {
	l, err := measure(a.fields, a.minor)
	if err != nil {
		return err
	}
	a.conn, a.length, a.src = c, l.length, &x.out
	a.how = responseFraming(l, x.method, a.status)
	a.keep = !l.both && !hasToken(a.fields, "Connection", "close") &&
		(a.minor > 0 || hasToken(a.fields, "Connection", "keep-alive")) && a.how != untilEnd
	switch {
	case a.status == 101:
		if a.upgrade = a.fields.get("Upgrade"); x.upgrade == "" || a.upgrade == "" || !hasToken(a.fields, "Connection", "upgrade") {
			return bad(502, "a 101 that nobody asked for")
		}
		a.keep = false
	case x.method == "CONNECT" && a.status < 300:
		a.keep = false
	}
	a.header = endToEnd(a.fields)
	x.out.start(&c.wire, a.how, max(0, l.length), maxAnswerHead)
	return nil
}

// appendRequest appends the head that is sent.
func (x *exchange) appendRequest(b []byte) []byte {
	b = append(b, x.method...)
	b = append(b, ' ')
	b = append(b, x.target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	if x.host != "" {
		b = append(b, x.host...)
	} else {
		b = append(b, x.endpoint...) // an HTTP/1.0 client need not say
	}
	b = append(b, "\r\n"...)
	b = appendFields(b, x.header)
	switch {
	case x.length < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case x.length > 0 || x.saidLength || x.method == "POST" || x.method == "PUT" || x.method == "PATCH":
		b = appendLength(b, x.length)
	}
	switch {
	case x.upgrade != "":
		b = append(b, "Connection: Upgrade\r\n"...)
		b = appendField(b, "Upgrade", x.upgrade)
	case x.trailers:
		b = append(b, "Connection: TE\r\nTE: trailers\r\n"...)
	}
	return append(b, "\r\n"...)
}
