package httpproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// RoundTripper returns one that tries requests again as r says, each time through
// next; nil is [http.DefaultTransport]. It is what a program takes that wants no
// more of this package than its retries. A wrong field of r is the error of every
// RoundTrip.
//
// The body of a request is read as it is sent, not before. A request's GetBody is
// not called.
func (r *Retry) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &retryTripper{retry: r, next: next, wrong: r.validate()}
}

type retryTripper struct {
	retry *Retry
	next  http.RoundTripper
	wrong error
}

func (t *retryTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.wrong != nil {
		closeBody(req)
		return nil, errors.Join(errors.New("httpproxy: Retry"), t.wrong)
	}
	c := &call{retryTripper: t, req: req}
	c.repeat = newRepeat(t.retry, req.Method, hasIdempotencyKey(req.Header), req.Header.Get("Upgrade") != "")
	if req.Body != nil && req.Body != http.NoBody {
		c.body = newReplay(req.Body, t.retry.maxBody())
		defer c.body.release()
	}
	return c.run()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

func hasIdempotencyKey(h http.Header) bool {
	return h.Get("Idempotency-Key") != "" || h.Get("X-Idempotency-Key") != ""
}

// A call is one RoundTrip.
type call struct {
	*retryTripper
	req    *http.Request
	body   *replay
	repeat repeat
	held   *http.Response // the answer of an earlier try
}

func (c *call) run() (*http.Response, error) {
	for {
		if c.body != nil && !c.repeat.more() {
			c.body.last()
		}
		res, a, err := c.try()
		if err == nil {
			c.drop()
		}
		v, wait := c.repeat.after(a, c.left())
		if v != tryAgain {
			return c.pass(res, err)
		}
		if err == nil {
			c.hold(res)
		}
		if !rest(c.req.Context().Done(), wait) {
			return c.pass(nil, context.Cause(c.req.Context()))
		}
	}
}

// pass returns what there is for the client: an answer of an earlier try is
// better than none, but not for one that has left.
func (c *call) pass(res *http.Response, err error) (*http.Response, error) {
	if err == nil {
		return res, nil
	}
	if c.held != nil && c.req.Context().Err() == nil {
		return c.held, nil
	}
	c.drop()
	return nil, err
}

// left is how much time the request has, 0 if any.
func (c *call) left() time.Duration {
	deadline, ok := c.req.Context().Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline), 1)
}

// heldBody is how much of an answer that may still be passed on is read, so that
// its connection can be used again.
const heldBody = 4 << 10

func (c *call) hold(res *http.Response) {
	first, err := io.ReadAll(io.LimitReader(res.Body, heldBody))
	if err == nil && len(first) < heldBody {
		res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(first))
	} else {
		var rest io.Reader = res.Body
		if err != nil {
			rest = failing{err}
		}
		res.Body = bodyOf{io.MultiReader(bytes.NewReader(first), rest), res.Body}
	}
	c.held = res
}

func (c *call) drop() {
	if c.held != nil {
		c.held.Body.Close()
		c.held = nil
	}
}

// try sends the request once.
func (c *call) try() (*http.Response, attempt, error) {
	ctx, cancel := context.WithCancelCause(c.req.Context())
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	var timer *time.Timer
	if d := c.retry.TryTimeout; d > 0 {
		timer = time.AfterFunc(d, func() { cancel(errTryTimeout) })
	}
	req := c.req.WithContext(ctx)
	if c.body != nil {
		req.Body, req.GetBody = c.body.begin(), nil
	}
	res, err := c.next.RoundTrip(req)
	if timer != nil && !timer.Stop() && err == nil {
		res.Body.Close() // its reading would be cancelled
		res, err = nil, errTryTimeout
	}
	a := attempt{bodyGone: c.body != nil && c.body.lost()}
	switch {
	case err == nil:
		a.status, a.retryAfter = res.StatusCode, res.Header.Get("Retry-After")
		res.Body = onClose(res.Body, func() { cancel(nil) })
		return res, a, nil
	case c.req.Context().Err() != nil, c.body != nil && c.body.failed.Load():
		a.ending = tryFinal
	case sent.Load():
		a.ending = tryBroken
	default:
		a.ending = tryUnseen
	}
	if cause := context.Cause(ctx); cause == errTryTimeout {
		err = cause
	}
	cancel(nil)
	return nil, a, err
}

var errTryTimeout error = tryTimeout{}

type tryTimeout struct{}

func (tryTimeout) Error() string   { return "no answer within TryTimeout" }
func (tryTimeout) Timeout() bool   { return true }
func (tryTimeout) Temporary() bool { return true }
func (tryTimeout) Unwrap() error   { return context.DeadlineExceeded }

type bodyOf struct {
	io.Reader
	io.Closer
}

// failing is the rest of a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
