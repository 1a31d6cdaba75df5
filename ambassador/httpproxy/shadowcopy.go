package httpproxy

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Shadows are the copies that a Proxy has under way.
type shadows struct {
	mu     sync.Mutex // held to begin one, so that none begins when the last is waited for
	ctx    context.Context
	cancel context.CancelFunc
	busy   sync.WaitGroup
}

// open has copies end with a run.
func (s *shadows) open(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.cancel = context.WithCancel(ctx)
}

// close breaks off the copies there are: the run does not last for them.
func (s *shadows) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel()
	s.busy.Wait()
	s.ctx, s.cancel = nil, nil
}

// A shadowCopy is a copy of a request that is still being made.
type shadowCopy struct {
	shadows *shadows
	of      *Shadow
	counts  *shadowCounters
	proxy   *Proxy
	method  string
	target  string
	host    string
	header  fields
	length  int64

	mu   sync.Mutex // the body comes from a goroutine of its own
	body []byte
	over bool // more has come than is copied
	done bool // what comes now is too late
}

// shadowed begins a copy of x, if there is to be one.
func (x *exchange) shadowed() {
	p := x.pol.plan
	s, c := p.Shadow, &p.counts.shadow
	if x.upgrade != "" || x.method == http.MethodConnect || !chosen(s.percent()) {
		return
	}
	if x.length > s.maxBody() || x.length < 0 && s.maxBody() == 0 {
		c.dropped.Add(1)
		return
	}
	if c.active.Add(1) > s.concurrent() {
		c.active.Add(-1)
		c.dropped.Add(1)
		return
	}
	one := &shadowCopy{
		shadows: &x.proxy.policy.shadow, of: s, counts: c, proxy: x.proxy,
		method: x.method, target: x.target, host: shadowHost(x.host), header: slices.Clone(x.header), length: x.length,
	}
	if x.length == 0 {
		one.send()
		return
	}
	x.pol.copy, x.tap = one, true
}

// chosen is true for so many of a hundred, by chance.
func chosen(percent float64) bool { return percent >= 100 || rand.Float64()*100 < percent }

// shadowHost marks a copy for those who read logs.
func shadowHost(host string) string {
	if host == "" {
		return ""
	}
	name, port := host, ""
	if at := strings.LastIndexByte(host, ':'); at >= 0 && strings.IndexByte(host[at:], ']') < 0 {
		name, port = host[:at], host[at:]
	}
	if strings.HasSuffix(name, "]") {
		return host // an address can't have it
	}
	return name + "-shadow" + port
}

// bodyChunk is called with each piece of the body that has come, if it is tapped.
func (x *exchange) bodyChunk(b []byte) {
	if c := x.pol.copy; c != nil {
		c.add(b)
	}
}

func (c *shadowCopy) add(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return
	}
	if c.over = c.over || int64(len(c.body)+len(b)) > c.of.maxBody(); c.over {
		c.body = nil
		return
	}
	c.body = append(c.body, b...)
}

// bodyIsThere tells whether the client has sent all of its body.
func (x *exchange) bodyIsThere() bool {
	u := &x.body
	if !u.started {
		return u.whole
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.over
}

// finish sends c if all of the body is there.
func (c *shadowCopy) finish(whole bool) {
	c.mu.Lock()
	c.done = true
	ready := whole && !c.over && (c.length < 0 || int64(len(c.body)) == c.length)
	c.mu.Unlock()
	if !ready {
		c.counts.active.Add(-1)
		c.counts.dropped.Add(1)
		return
	}
	c.send()
}

func (c *shadowCopy) send() {
	s := c.shadows
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := s.ctx
	if ctx == nil {
		ctx = context.Background() // of a Proxy that is used as a Handler, without a run
	}
	s.busy.Go(func() { c.run(ctx) })
}

// run is one copy, from its request to the end of its answer.
func (c *shadowCopy) run(ctx context.Context) {
	defer c.counts.active.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, c.of.timeout())
	defer cancel()
	if err := c.ask(ctx); err != nil {
		c.counts.failed.Add(1)
		return
	}
	c.counts.answered.Add(1)
}

func (c *shadowCopy) ask(ctx context.Context) error {
	path, query, _ := strings.Cut(c.target, "?")
	r := &http.Request{
		Method: c.method,
		URL:    &url.URL{Scheme: "http", Host: c.host, Opaque: path, RawQuery: query},
		Host:   c.host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	for _, f := range c.header {
		r.Header.Add(f.name, f.value)
	}
	if len(c.body) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
	}
	res, err := c.proxy.send(ctx, c.of.Upstream, c.of.HTTP2, r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
