package tcpproxy

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const patience = 20 * time.Second // for what is bound to happen

// halfConn is what the connections of all networks in these tests are.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

// A rig is a Proxy that serves between a client's network and a backend's.
type rig struct {
	t      *testing.T
	proxy  *Proxy
	box    *sandbox.Sandbox
	dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	listener interface {
		Listen(ctx context.Context, network, address string) (net.Listener, error)
	}
	front   net.Listener
	backend net.Listener
	stop    context.CancelFunc
	served  chan error
}

// newRig starts p, with one backend as its upstream unless it has another. Its
// networks are "tcp" and "unix", or "mem" for both. An address that begins with
// "hole" is a black hole.
func newRig(t *testing.T, p *Proxy, front, back string) *rig {
	t.Helper()
	r := prepare(t, p, front, back)
	r.serve(r.front)
	return r
}

// prepare is newRig without its start.
func prepare(t *testing.T, p *Proxy, front, back string) *rig {
	t.Helper()
	podtest.NoLeaks(t)
	r := &rig{t: t, proxy: p, dialer: &net.Dialer{}, listener: &net.ListenConfig{}}
	if front == "mem" {
		memory := &podtest.Network{}
		r.dialer, r.listener = memory, memory
	}
	r.box = &sandbox.Sandbox{Dial: r.dial, Logger: slog.New(slog.DiscardHandler)}
	r.front, r.backend = r.listen(front), r.listen(back)
	if p.Upstream == nil {
		p.Upstream = To(name(r.backend.Addr()))
	}
	return r
}

func (r *rig) serve(l net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop, r.served = cancel, make(chan error, 1)
	go func() {
		defer close(r.served)
		r.served <- r.proxy.Serve(r.box.Context(ctx), l)
	}()
	r.t.Cleanup(func() {
		cancel()
		for range r.served {
		}
	})
}

// finish stops the proxy and returns what Serve did. Nothing may be left of it.
func (r *rig) finish() error {
	r.t.Helper()
	r.stop()
	err := <-r.served
	r.requireOver()
	r.backend.Close()
	return err
}

func (r *rig) requireOver() {
	r.t.Helper()
	require.Zero(r.t, r.proxy.Stats().Active, "every connection has ended in exactly one way: %+v", r.proxy.Stats())
	_, err := r.front.Accept()
	require.ErrorIs(r.t, err, net.ErrClosed, "Serve closes its listener")
	requireNoGoroutines(r.t)
}

func requireNoGoroutines(t *testing.T) {
	t.Helper()
	buf := make([]byte, 1<<20)
	all := string(buf[:runtime.Stack(buf, true)])
	for _, body := range []string{"(*pair).serve", "(*stream).copy", "(*run).await", "(*run).work", "tcpproxy.serve("} {
		require.NotContains(t, all, body, "left behind")
	}
}

// connect returns both ends of a connection through the proxy.
func (r *rig) connect() (client, server halfConn) {
	r.t.Helper()
	client = r.dialFront()
	c, err := r.backend.Accept()
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	return client, c.(halfConn)
}

func (r *rig) dialFront() halfConn {
	r.t.Helper()
	c, err := r.dial(context.Background(), r.front.Addr().Network(), r.front.Addr().String())
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	return c.(halfConn)
}

// requireRefused connects and is reset, at once or later.
func (r *rig) requireRefused() {
	r.t.Helper()
	c, err := r.dial(context.Background(), r.front.Addr().Network(), r.front.Addr().String())
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	require.ErrorIs(r.t, err, syscall.ECONNRESET)
}

func (r *rig) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasPrefix(address, "hole") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return r.dialer.DialContext(ctx, network, address)
}

func (r *rig) listen(network string) net.Listener {
	r.t.Helper()
	address := "127.0.0.1:0"
	switch network {
	case "mem":
		network = "tcp"
	case "unix":
		dir, err := os.MkdirTemp("", "") // t.TempDir is too long for a socket's path
		require.NoError(r.t, err)
		r.t.Cleanup(func() { os.RemoveAll(dir) })
		address = filepath.Join(dir, "s")
	}
	l, err := r.listener.Listen(context.Background(), network, address)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { l.Close() })
	return l
}

// name is an address as To takes it.
func name(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

func (r *rig) eventually(what string, is func(Stats) bool) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return is(r.proxy.Stats()) }, patience, time.Millisecond, what)
}

// elapse lets virtual time go by, in a bubble of synctest.
func elapse(d time.Duration) { time.Sleep(d) }

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	_, err := io.WriteString(c, s)
	require.NoError(t, err)
}

func requireRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	_, err := io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, want, string(b))
}

func requireEnd(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, want, string(b))
}
