package httpproxy

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const patience = 20 * time.Second // for what is bound to happen

// A rig is a Proxy that serves on a real socket.
type rig struct {
	t      testing.TB
	proxy  *Proxy
	box    *sandbox.Sandbox
	addr   string
	stop   context.CancelFunc
	served chan error
}

// newRig starts p, with a server of that handler as its upstream unless it has one.
func newRig(t testing.TB, p *Proxy, backend http.Handler) *rig {
	t.Helper()
	if test, ok := t.(*testing.T); ok {
		podtest.NoLeaks(test)
	}
	if p.Upstream == nil {
		s := httptest.NewServer(backend)
		t.Cleanup(s.Close)
		p.Upstream = To(s.Listener.Addr().String())
	}
	r := &rig{t: t, proxy: p, box: &sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}}
	r.serve()
	return r
}

func (r *rig) serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	r.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	r.stop, r.served = cancel, make(chan error, 1)
	served := r.served
	go func() {
		defer close(served)
		served <- r.proxy.Serve(r.box.Context(ctx), l)
	}()
	r.t.Cleanup(func() {
		cancel()
		for range served {
		}
	})
}

// finish stops the proxy and returns what Serve did. Nothing may be left of it.
func (r *rig) finish() error {
	r.t.Helper()
	r.stop()
	err := <-r.served
	require.Zero(r.t, r.proxy.Stats().Open)
	requireNoGoroutines(r.t)
	return err
}

func requireNoGoroutines(t testing.TB) {
	t.Helper()
	buf := make([]byte, 1<<20)
	all := string(buf[:runtime.Stack(buf, true)])
	for _, body := range []string{"(*client).serve", "(*upload).pump", "(*run).await", "(*run).greet", "httpproxy.serve("} {
		require.NotContains(t, all, body, "left behind")
	}
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// raw sends bytes and returns all that comes until the end.
func (r *rig) raw(request string) string {
	r.t.Helper()
	c := r.dial()
	_, err := io.WriteString(c, request)
	require.NoError(r.t, err)
	c.(*net.TCPConn).CloseWrite()
	b, _ := io.ReadAll(c)
	return string(b)
}

// ask sends a request and returns its answer with the whole body.
func (r *rig) ask(request string) (*http.Response, string) {
	r.t.Helper()
	c := r.dial()
	_, err := io.WriteString(c, request)
	require.NoError(r.t, err)
	return answerOn(r.t, bufio.NewReader(c), request)
}

func answerOn(t testing.TB, br *bufio.Reader, request string) (*http.Response, string) {
	t.Helper()
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(br, &http.Request{Method: method})
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

func (r *rig) url(path string) string { return "http://" + r.addr + path }

func (r *rig) client() *http.Client {
	t := &http.Transport{MaxIdleConnsPerHost: 100}
	r.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t, Timeout: patience}
}

// A backend is an upstream that says what it is told to, and keeps what it got.
type backend struct {
	l   net.Listener
	got chan string // heads
}

// newBackend answers each connection by the script.
func newBackend(t testing.TB, script func(c net.Conn, br *bufio.Reader)) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &backend{l: l, got: make(chan string, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				script(c, bufio.NewReader(c))
			}()
		}
	}()
	return b
}

func (b *backend) addr() string { return b.l.Addr().String() }

// head reads a head as it was sent.
func headOf(br *bufio.Reader) (string, error) {
	var s strings.Builder
	for {
		line, err := br.ReadString('\n')
		s.WriteString(line)
		if err != nil || line == "\r\n" {
			return s.String(), err
		}
	}
}
