package httpproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// transport2 returns what has the endpoint's connections. Each request has its
// own lease; whose it is that dials does not matter.
func (ps *pools) transport2(l *upstream.Lease, p *Proxy) *http.Transport {
	pool, idle := ps.get(l)
	if idle != nil {
		idle.Close() // HTTP2 was false before, which is not supported
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if pool.h2 != nil {
		return pool.h2.transport
	}
	pool.h2 = &h2Pool{conns: map[*h2Conn]struct{}{}}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true) // below it, l dials TLS, where there is any
	t := &http.Transport{
		Protocols:          &protocols,
		DisableCompression: true,
		IdleConnTimeout:    p.upstreamIdle(),
		HTTP2:              &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingFor},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, p.dialTimeout())
			defer cancel()
			c, err := l.Dial(ctx)
			if err != nil {
				return nil, err
			}
			p.stats.dialled.Add(1)
			if t, ok := c.(*tls.Conn); ok && t.ConnectionState().NegotiatedProtocol != "h2" {
				c.Close()
				return nil, bad(502, "the endpoint does not speak h2 in TLS")
			}
			return pool.h2.keep(c), nil
		},
	}
	pool.h2.transport = t
	return t
}

const (
	pingAfter = 15 * time.Second // of silence while there are streams
	pingFor   = 15 * time.Second
)

// attempt2 is attempt in HTTP/2.
func (x *exchange) attempt2(a *answer, l *upstream.Lease, until time.Time) error {
	ctx, cancel := context.WithCancelCause(x.ctx)
	limit := func() bool { return true }
	if !until.IsZero() {
		limit = time.AfterFunc(time.Until(until), func() { cancel(context.DeadlineExceeded) }).Stop
	}
	x.mu.Lock()
	x.quit = func() { cancel(context.Canceled) }
	left := x.left
	x.mu.Unlock()
	if left {
		cancel(errLeft)
		return errLeft
	}
	var sent sync.Once
	var wrote bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Do(func() { wrote = true }) },
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			if f, err := fieldsOf(nil, http.Header(h)); err == nil && code != 101 {
				x.down.inform(&head{status: code, minor: 1, fields: endToEnd(f)})
			}
			return nil
		},
	})
	req := x.request2(ctx)
	resp, err := x.proxy.pools.transport2(l, x.proxy).RoundTrip(req)
	sent.Do(func() {})
	x.sent = wrote
	if !limit() && err == nil {
		err = context.DeadlineExceeded
		resp.Body.Close()
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(err)
		return wrap(l, err)
	}
	return x.beginAnswer2(a, l, resp, cancel)
}

// request2 is the request as package net/http takes it.
func (x *exchange) request2(ctx context.Context) *http.Request {
	h := make(http.Header, len(x.header)+2)
	addTo(h, x.header)
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = []string{""} // else it gets one
	}
	if x.trailers {
		h["Te"] = []string{"trailers"}
	}
	host := x.host
	if host == "" {
		host = x.endpoint
	}
	u := &url.URL{Scheme: "http", Host: "endpoint"}
	u.Opaque, u.RawQuery, u.ForceQuery = strings.Cut(x.target, "?")
	if strings.HasPrefix(u.Opaque, "//") {
		u.Opaque = "//" + host + u.Opaque
	}
	req := &http.Request{
		Method: x.method, URL: u, Host: host, Header: h, Proto: "HTTP/2.0", ProtoMajor: 2,
		ContentLength: x.length,
	}
	if b := x.body.reader(req, x.header); b != nil {
		req.Body = b
	}
	return req.WithContext(ctx)
}

// beginAnswer2 takes the head of an answer.
func (x *exchange) beginAnswer2(a *answer, l *upstream.Lease, resp *http.Response, cancel context.CancelCauseFunc) error {
	f, err := fieldsOf(a.fields[:0], resp.Header)
	a.fields = f
	a.cancel = func() {
		cancel(context.Canceled)
		resp.Body.Close()
	}
	if err != nil {
		a.cancel()
		a.cancel = nil
		return wrap(l, err)
	}
	a.status, a.reason, a.minor, a.lease = resp.StatusCode, "", 1, l
	a.length = -1
	if f.has("Content-Length") {
		a.length = resp.ContentLength
	}
	for name := range resp.Trailer {
		f = append(f, field{"Trailer", name})
	}
	a.header = endToEnd(f)
	switch {
	case bodyless(x.method, a.status), a.length < 0 && resp.ContentLength == 0: // it ended with its head, as gRPC's trailers-only do
		a.how = noBody
	case a.length >= 0:
		a.how = byLength
	default:
		a.how = untilEnd
	}
	a.src = &readerSource{r: resp.Body, ends: func() http.Header { return resp.Trailer }}
	return nil
}

// reader is the body for a try in HTTP/2, and nil if there is none.
func (u *upload) reader(req *http.Request, header fields) io.ReadCloser {
	if u.whole {
		if len(u.first) == 0 {
			return nil
		}
		u.x.bytesIn = int64(len(u.first))
		return io.NopCloser(bytes.NewReader(u.first))
	}
	req.Trailer = http.Header{}
	for v := range header.values("Trailer") {
		for name := range tokens(v) {
			req.Trailer[http.CanonicalHeaderKey(name)] = nil
		}
	}
	r, w := io.Pipe()
	first := bytes.NewReader(u.attach(&pipe{w, req.Trailer}))
	return &struct {
		io.Reader
		io.Closer
	}{io.MultiReader(first, r), r}
}

// A pipe is a sink that net/http reads from.
type pipe struct {
	w       *io.PipeWriter
	trailer http.Header
}

func (p *pipe) write(b []byte) error {
	_, err := p.w.Write(b)
	return err
}

func (p *pipe) end(trailer fields) error {
	for _, f := range trailer {
		if name := http.CanonicalHeaderKey(f.name); p.trailer != nil {
			if _, ok := p.trailer[name]; ok {
				p.trailer.Add(name, f.value)
			}
		}
	}
	return p.w.Close()
}
