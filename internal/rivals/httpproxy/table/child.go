//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/valyala/fasthttp"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/internal/rivals/contest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

var roles = map[string]func(listen, backend string) error{
	"backend": serveBackend, "fasthttp": runFast, "tuned": runTuned, "default": runDefault, "httpproxy": runOurs,
}

// runOurs has retries, ejection and counting on.
func runOurs(listen, backend string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	quiet := &sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}
	proxy := &httpproxy.Proxy{
		Upstream: &upstream.Cluster{Endpoints: upstream.To(backend), Ejection: &upstream.Ejection{}},
		Retry:    &httpproxy.Retry{},
		MaxConns: contest.Capacity(),
	}
	return proxy.Serve(quiet.Context(ctx), l)
}

func runDefault(listen, backend string) error { return runReverse(listen, backend, nil, nil) }

func runTuned(listen, backend string) error {
	t := &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	return runReverse(listen, backend, t, &buffers{sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}})
}

func runReverse(listen, backend string, t http.RoundTripper, pool httputil.BufferPool) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	to := &url.URL{Scheme: "http", Host: backend}
	quiet := log.New(discard{}, "", 0)
	s := &http.Server{
		Handler: &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
			Transport: t, BufferPool: pool, ErrorLog: quiet,
		},
		Protocols: new(http.Protocols), ErrorLog: quiet,
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s.Serve(l)
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte  { return *b.pool.Get().(*[]byte) }
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

// runFast is the least that a proxy of fasthttp can be: bodies are read whole.
func runFast(listen, backend string) error {
	c := &fasthttp.HostClient{Addr: backend, MaxConns: 10_000}
	s := &fasthttp.Server{
		NoDefaultServerHeader: true, NoDefaultDate: true, Logger: log.New(discard{}, "", 0),
		Handler: func(ctx *fasthttp.RequestCtx) {
			req, res := &ctx.Request, &ctx.Response
			req.Header.Del("Connection")
			if err := c.Do(req, res); err != nil {
				res.SetStatusCode(fasthttp.StatusBadGateway)
			}
			res.Header.Del("Connection")
		},
	}
	return s.ListenAndServe(listen)
}

const (
	smallSize = 256
	bigSize   = 1 << 20
)

// serveBackend answers GET /big with 1 MiB, and anything else with 256 bytes. It
// allocates nothing, so that what is measured is the proxies.
func serveBackend(listen, _ string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	small, big := answer(smallSize), answer(bigSize)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			for in := bufio.NewReaderSize(c, 4<<10); ; {
				wanted, err := readRequest(in)
				if err != nil {
					return
				}
				text := small
				if wanted {
					text = big
				}
				if _, err := c.Write(text); err != nil {
					return
				}
			}
		}()
	}
}

func answer(size int) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Wed, 25 Nov 2026 00:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s",
		size, strings.Repeat("x", size))
}

// readRequest reads a head, and returns whether it wants the big answer.
func readRequest(in *bufio.Reader) (big bool, err error) {
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		if first {
			big = len(line) > 8 && string(line[:8]) == "GET /big"
		}
		if len(line) <= 2 {
			return big, nil
		}
	}
}
