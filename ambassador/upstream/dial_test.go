package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// listen is a real listener whose connections come out of the channel.
func listen(t *testing.T, network, address string) (net.Listener, <-chan net.Conn) {
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	conns := make(chan net.Conn)
	go func() {
		defer close(conns)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	t.Cleanup(func() { l.Close() })
	return l, conns
}

type rawer interface{ Raw() net.Conn }

// What a caller of package net's connections finds there, it finds on ours.
func TestConnections(t *testing.T) {
	podtest.NoLeaks(t)
	l, conns := listen(t, "tcp", "127.0.0.1:0")
	c := &Cluster{Endpoints: To(l.Addr().String())}
	conn, err := c.Dial(t.Context())
	require.NoError(t, err)
	server := <-conns
	require.IsType(t, &net.TCPConn{}, conn.(rawer).Raw())
	require.Same(t, conn.(rawer).Raw(), conn.(interface{ NetConn() net.Conn }).NetConn())
	_, err = conn.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, conn.(writeCloser).CloseWrite())
	b, err := io.ReadAll(server)
	require.NoError(t, err)
	require.Equal(t, "question", string(b))
	require.Equal(t, 1, c.Stats().Active)
	conn.(interface{ Lease() *Lease }).Lease().Report(Failed, 0)
	require.EqualValues(t, 1, c.Stats().Endpoints[0].Failed)
	require.NoError(t, conn.(lingerer).SetLinger(0))
	require.NoError(t, conn.Close())
	_, err = server.Write([]byte("answer"))
	if err == nil {
		_, err = server.Read(b)
	}
	require.Error(t, err, "it was reset")
	require.Error(t, conn.Close())
	require.Zero(t, c.Stats().Active)
	server.Close()

	there, here := net.Pipe()
	defer here.Close()
	box := &sandbox.Sandbox{Dial: func(context.Context, string, string) (net.Conn, error) { return there, nil }}
	conn, err = c.Dial(box.Context(t.Context()))
	require.NoError(t, err)
	require.Nil(t, conn.(rawer).Raw())
	_, can := conn.(writeCloser)
	require.False(t, can)
	_, can = conn.(lingerer)
	require.False(t, can)
	require.NoError(t, conn.Close())

	box.Dial = func(context.Context, string, string) (net.Conn, error) { return lingering{Conn: there}, nil }
	conn, err = c.Dial(box.Context(t.Context()))
	require.NoError(t, err)
	require.NoError(t, conn.(lingerer).SetLinger(1))
	_, can = conn.(writeCloser)
	require.False(t, can)
	conn.Close()
}

type lingering struct{ net.Conn }

func (lingering) SetLinger(int) error { return nil }

func TestUnixEndpoints(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS == "darwin" {
		dir, _ = os.MkdirTemp("/tmp", "")
		defer os.RemoveAll(dir)
	}
	_, conns := listen(t, "unix", filepath.Join(dir, "s"))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	ctx := (&sandbox.Sandbox{Root: root}).Context(t.Context())
	for _, address := range []string{"unix:s", "unix:" + filepath.Join(dir, "s")} {
		c := &Cluster{Endpoints: To(address)}
		conn, err := c.Dial(ctx)
		require.NoError(t, err)
		require.IsType(t, &net.UnixConn{}, conn.(rawer).Raw())
		_, can := conn.(lingerer)
		require.False(t, can)
		require.NoError(t, conn.(writeCloser).CloseWrite())
		(<-conns).Close()
		conn.Close()
	}
	c := &Cluster{Endpoints: To("unix:../s"), Breaker: &Breaker{Failures: 1}}
	_, err = c.Dial(ctx)
	require.ErrorContains(t, err, "unix:../s: path escapes from the root")
	require.Equal(t, Healthy, c.of("unix:../s").State)
}

func TestProxyHeader(t *testing.T) {
	l, conns := listen(t, "tcp", "127.0.0.1:0")
	src, dst := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 5432}
	six := &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 80}
	path := &net.UnixAddr{Net: "unix", Name: "/run/s"}
	for name, test := range map[string]struct {
		version  int
		src, dst net.Addr
		want     string
	}{
		"version 1":               {1, src, dst, "PROXY TCP4 192.0.2.1 192.0.2.2 4711 5432\r\n"},
		"version 1, both kinds":   {1, src, six, "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 4711 80\r\n"},
		"version 1 without one":   {1, nil, nil, "PROXY UNKNOWN\r\n"},
		"version 1, unix":         {1, path, path, "PROXY UNKNOWN\r\n"},
		"version 2":               {2, src, dst, ""},
		"version 2, six":          {2, six, six, ""},
		"version 2, unix":         {2, path, path, ""},
		"version 2 without a one": {2, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{Endpoints: To(l.Addr().String()), ProxyProtocol: test.version}
			ctx := t.Context()
			if test.src != nil {
				ctx = WithClient(ctx, test.src, test.dst)
			}
			conn, err := c.Dial(ctx)
			require.NoError(t, err)
			_, err = io.WriteString(conn, "hello")
			require.NoError(t, err)
			conn.(writeCloser).CloseWrite()
			server := <-conns
			defer server.Close()
			defer conn.Close()
			in := bufio.NewReader(server)
			if test.want != "" {
				line, err := in.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, test.want, line)
			} else {
				h, err := proxyproto.Read(in)
				require.NoError(t, err)
				if test.src == nil {
					require.True(t, h.Command.IsLocal())
				} else {
					require.Equal(t, test.src.String(), h.SourceAddr.String())
					require.Equal(t, test.dst.String(), h.DestinationAddr.String())
				}
			}
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Equal(t, "hello", string(rest))
		})
	}
}

// A header that nobody takes does not hold Dial longer than its time.
func TestProxyHeaderTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Dial: func(context.Context, string, string) (net.Conn, error) {
			there, _ := net.Pipe()
			return there, nil
		}}
		c := &Cluster{Endpoints: To("a:1"), ProxyProtocol: 2}
		began := time.Now()
		_, err := c.Dial(box.Context(t.Context()))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "PROXY header")
		require.Equal(t, defaultDialTimeout, time.Since(began))
		require.EqualValues(t, 1, c.of("a:1").Failed)
	})
}

// A raceNet has addresses that answer after a while, or fail.
type raceNet struct {
	t     *testing.T
	began time.Time
	mu    sync.Mutex
	log   []string
	open  int
	after map[string]time.Duration // negative: fails after as much
}

type counted struct {
	net.Conn
	close func()
}

func (c counted) Close() error {
	c.close()
	return nil
}

func (r *raceNet) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	r.mu.Lock()
	r.log = append(r.log, host+" "+time.Since(r.began).String())
	r.mu.Unlock()
	after, known := r.after[host]
	if !known {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if after > 0 {
		time.Sleep(after) // and does not heed ctx
	} else if after < 0 {
		time.Sleep(-after)
		return nil, errBroken
	}
	r.mu.Lock()
	r.open++
	r.mu.Unlock()
	return counted{close: func() {
		r.mu.Lock()
		r.open--
		r.mu.Unlock()
	}}, nil
}

func (r *raceNet) opened() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open
}

func TestRace(t *testing.T) {
	ips := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")}
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		after map[string]time.Duration
		want  []string
		took  time.Duration
		err   string
	}{
		"the first one":       {map[string]time.Duration{"2001:db8::1": 200 * ms}, []string{"2001:db8::1 0s"}, 200 * ms, ""},
		"a hole":              {map[string]time.Duration{"10.0.0.1": 10 * ms}, []string{"2001:db8::1 0s", "10.0.0.1 250ms"}, 260 * ms, ""},
		"a failure":           {map[string]time.Duration{"2001:db8::1": -10 * ms, "10.0.0.1": 10 * ms}, []string{"2001:db8::1 0s", "10.0.0.1 10ms"}, 20 * ms, ""},
		"late, but the first": {map[string]time.Duration{"2001:db8::1": 300 * ms, "10.0.0.1": 200 * ms}, []string{"2001:db8::1 0s", "10.0.0.1 250ms"}, 300 * ms, ""},
		"all fail": {
			map[string]time.Duration{"2001:db8::1": -ms, "10.0.0.1": -ms, "2001:db8::2": -ms, "10.0.0.2": -ms},
			[]string{"2001:db8::1 0s", "10.0.0.1 1ms", "2001:db8::2 2ms", "10.0.0.2 3ms"}, 4 * ms, "broken; broken; broken; broken",
		},
		"all are holes": {nil, []string{"2001:db8::1 0s", "10.0.0.1 250ms", "2001:db8::2 500ms", "10.0.0.2 750ms"}, 5 * time.Second, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &raceNet{t: t, began: time.Now(), after: test.after}
				box := &sandbox.Sandbox{Dial: r.dial}
				c := &Cluster{Endpoints: Static{{Address: "db:1", IPs: ips}}}
				conn, err := c.Dial(box.Context(t.Context()))
				require.Equal(t, test.took, time.Since(r.began))
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
				} else {
					require.NoError(t, err)
				}
				settle(time.Minute)
				if conn != nil {
					require.Equal(t, 1, r.opened(), "what lost was closed")
					conn.Close()
				}
				require.Zero(t, r.opened())
				require.Equal(t, test.want, r.log)
			})
		})
	}
}
