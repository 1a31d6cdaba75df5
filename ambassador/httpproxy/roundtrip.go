package httpproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

var _ http.RoundTripper = (*Proxy)(nil)

// RoundTrip sends a request of this process to an endpoint, as Serve does those of
// its clients: routed, balanced and tried again. The scheme of the URL says
// nothing, and its host is no more than what Host says. A refusal of the Proxy's
// own is an error, and 1xx answers are dropped. Without a Serve or [Proxy.Run]
// under way only Clusters of fixed addresses work.
func (p *Proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	x := &exchange{}
	resp, err := x.roundTrip(p, r, func() *refusal {
		if refusal := x.route(); refusal != nil {
			return refusal
		}
		if refusal := x.admit(); refusal != nil {
			return refusal
		}
		x.dress()
		refusal := x.fetch()
		if refusal != nil {
			x.leave()
		}
		return refusal
	})
	if err != nil {
		err = fmt.Errorf("httpproxy: %w", err)
	}
	return resp, err
}

// send is one try without any policy.
func (p *Proxy) send(ctx context.Context, to *upstream.Cluster, http2 bool, r *http.Request) (*http.Response, error) {
	x := &exchange{plain: true}
	return x.roundTrip(p, r.WithContext(ctx), func() *refusal {
		x.to, x.http2 = to, http2
		return x.fetch()
	})
}

func (x *exchange) roundTrip(p *Proxy, r *http.Request, fetch func() *refusal) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	x.proxy, x.ctx, x.down, x.began = p, ctx, nowhere{}, time.Now()
	err := x.takeRequest(r)
	unwatch := context.AfterFunc(ctx, x.abandon)
	if err == nil {
		if refused := fetch(); refused != nil {
			x.own, x.status, x.err = true, refused.status, refused.err
			if x.err == nil {
				x.err = errors.New(refused.why)
			}
			x.outcome = unserved
			x.body.stop()
			x.finish()
			err = fmt.Errorf("%s: %w", refused.why, x.err)
		}
	}
	if err != nil {
		unwatch()
		cancel()
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	a := x.result
	if !x.plain {
		x.answered(a)
	}
	x.status = a.status
	h := http.Header{}
	addTo(h, a.header)
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, a.reason), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r, ContentLength: a.length, Trailer: http.Header{},
	}
	if a.reason == "" {
		resp.Status += http.StatusText(a.status)
	}
	body := &answerBody{x: x, a: a, resp: resp, cancel: cancel, unwatch: unwatch}
	if resp.Body = body; a.how == noBody {
		body.end(nil)
		resp.Body = http.NoBody
	}
	return resp, nil
}

// takeRequest sets the request's fields of x.
func (x *exchange) takeRequest(r *http.Request) error {
	x.major, x.minor = 1, 1
	x.method, x.target, x.host = r.Method, r.URL.RequestURI(), r.Host
	if x.method == "" {
		x.method = "GET"
	}
	if x.host == "" {
		x.host = r.URL.Host
	}
	switch {
	case !isToken(x.method):
		return fmt.Errorf("method %q is no token", x.method)
	case x.target == "" || x.target[0] != '/' && x.target != "*" || !all(x.target, inTarget):
		return fmt.Errorf("target %q is no path", x.target)
	case !all(x.host, inHost):
		return fmt.Errorf("host %q has a character that none has", x.host)
	}
	if err := x.takeHeader(r); err != nil {
		return err
	}
	switch x.length = r.ContentLength; {
	case r.Body == nil || r.Body == http.NoBody:
		x.length = 0
	case x.length == 0:
		x.length = -1
	}
	x.upgrade = "" // nobody could take the connection
	x.takeReader(r)
	x.body.unblock = func() { r.Body.Close() }
	return nil
}

// nowhere is the downstream of a request of this process.
type nowhere struct{}

func (nowhere) inform(*head)                   {}
func (nowhere) relay(*exchange, *answer) error { return nil }
func (nowhere) refuse(*exchange, *refusal)     {}

// An answerBody is what is still to come of an answer.
type answerBody struct {
	x       *exchange
	a       *answer
	resp    *http.Response
	cancel  context.CancelFunc
	unwatch func() bool
	rest    []byte
	err     error
	once    sync.Once
}

func (b *answerBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 && b.err == nil {
		b.rest, b.err = b.a.src.next()
		if b.err != nil {
			b.finish()
		}
	}
	if len(b.rest) == 0 {
		return 0, b.err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	b.x.bytesOut += int64(n)
	return n, nil
}

func (b *answerBody) finish() {
	if b.err == io.EOF {
		addTo(b.resp.Trailer, b.a.src.trailer())
		b.end(nil)
		return
	}
	b.end(abort{b.err})
}

// Close gives the connection up, unless all was read.
func (b *answerBody) Close() error {
	b.end(errLeft)
	if b.err == nil {
		b.rest, b.err = nil, errClosed
	}
	return nil
}

var errClosed = errors.New("httpproxy: the body is closed")

// end is for the first reason why the answer is over.
func (b *answerBody) end(err error) {
	b.once.Do(func() {
		x := b.x
		switch {
		case err == nil:
			x.outcome = outcomeAnswered
		case isAbort(err) && !x.hasLeft():
			x.outcome, x.err = aborted, err
			b.a.lease.Report(upstream.Failed, x.took)
		default:
			x.outcome, x.err = clientLeft, err
		}
		b.unwatch()
		x.body.stop()
		b.a.close(x, err == nil)
		if !x.plain {
			x.leave()
		}
		x.finish()
		b.cancel()
	})
}
