package podtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

type network interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

var _ network = (*podtest.Network)(nil)

// loopback is what a Network is held to.
type loopback struct {
	net.ListenConfig
	net.Dialer
}

// TestAsTheLoopback has the loopback of Linux and a Network do the same things.
func TestAsTheLoopback(t *testing.T) {
	podtest.NoLeaks(t)
	for name, test := range map[string]func(*testing.T, network){
		"address in use":          addressInUse,
		"connection refused":      connectionRefused,
		"bad addresses":           badAddresses,
		"wildcard":                wildcard,
		"backlog":                 backlogIsReset,
		"accept deadline":         acceptDeadline,
		"half-close":              halfClose,
		"end after data":          endAfterData,
		"write to the closed end": writeToClosed,
		"reset":                   resetBySetLinger,
		"reset by unread data":    resetByUnreadData,
		"closed":                  closedConn,
		"deadlines":               pastDeadlines,
		"packets":                 packets,
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "linux" {
				t.Run("kernel", func(t *testing.T) { test(t, new(loopback)) })
			}
			t.Run("memory", func(t *testing.T) { test(t, new(podtest.Network)) })
		})
	}
}

func listen(t *testing.T, n network) net.Listener {
	t.Helper()
	l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func connect(t *testing.T, n network) (client, server net.Conn) {
	t.Helper()
	l := listen(t, n)
	client = dial(t, n, l.Addr().String())
	server, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	require.Equal(t, client.LocalAddr().String(), server.RemoteAddr().String())
	require.Equal(t, client.RemoteAddr().String(), server.LocalAddr().String())
	return client, server
}

func dial(t *testing.T, n network, address string) net.Conn {
	t.Helper()
	c, err := n.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// requireOpError asks for an error as package net's, that is target.
func requireOpError(t *testing.T, err error, op string, target error) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var oe *net.OpError
	require.ErrorAs(t, err, &oe)
	require.Equal(t, op, oe.Op)
	require.Equal(t, errors.Is(target, os.ErrDeadlineExceeded), oe.Timeout())
}

func addressInUse(t *testing.T, n network) {
	l := listen(t, n)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, address := range []string{l.Addr().String(), "localhost:" + port, "0.0.0.0:" + port} {
		_, err := n.Listen(t.Context(), "tcp", address)
		requireOpError(t, err, "listen", syscall.EADDRINUSE)
	}
	require.NoError(t, l.Close())
	again, err := n.Listen(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func connectionRefused(t *testing.T, n network) {
	l := listen(t, n)
	l.Close()
	_, err := n.DialContext(t.Context(), "tcp", l.Addr().String())
	requireOpError(t, err, "dial", syscall.ECONNREFUSED)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = n.DialContext(done, "tcp", listen(t, n).Addr().String())
	requireOpError(t, err, "dial", context.Canceled)
}

func badAddresses(t *testing.T, n network) {
	for _, address := range []string{"127.0.0.1", "127.0.0.1:99999"} {
		_, err := n.Listen(t.Context(), "tcp", address)
		require.Error(t, err)
		_, err = n.DialContext(t.Context(), "tcp", address)
		require.Error(t, err)
	}
	_, err := n.Listen(t.Context(), "udp", "127.0.0.1:0")
	require.Error(t, err)
	_, err = n.ListenPacket(t.Context(), "tcp", "127.0.0.1:0")
	require.Error(t, err)
	_, err = n.DialContext(t.Context(), "token-ring", "127.0.0.1:1")
	var unknown net.UnknownNetworkError
	require.ErrorAs(t, err, &unknown)
}

func wildcard(t *testing.T, n network) {
	l, err := n.Listen(t.Context(), "tcp", "0.0.0.0:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", ""} {
		dial(t, n, net.JoinHostPort(host, port))
		c, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:"+port, c.LocalAddr().String())
		c.Close()
	}
}

func backlogIsReset(t *testing.T, n network) {
	l := listen(t, n)
	c := dial(t, n, l.Addr().String())
	_, err := c.Write([]byte("early"))
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	b := make([]byte, 5)
	_, err = io.ReadFull(accepted, b)
	require.NoError(t, err)
	require.Equal(t, "early", string(b))
	accepted.Close()

	c = dial(t, n, l.Addr().String())
	l.Close()
	_, err = c.Read(b)
	requireOpError(t, err, "read", syscall.ECONNRESET)
	_, err = l.Accept()
	requireOpError(t, err, "accept", net.ErrClosed)
}

func acceptDeadline(t *testing.T, n network) {
	l := listen(t, n)
	d := l.(interface{ SetDeadline(time.Time) error })
	dial(t, n, l.Addr().String())
	require.NoError(t, d.SetDeadline(time.Unix(1, 0)))
	_, err := l.Accept() // also with one in the backlog
	requireOpError(t, err, "accept", os.ErrDeadlineExceeded)
	require.NoError(t, d.SetDeadline(time.Time{}))
	c, err := l.Accept()
	require.NoError(t, err)
	c.Close()

	accepted := make(chan error)
	go func() { _, err := l.Accept(); accepted <- err }()
	require.NoError(t, d.SetDeadline(time.Now().Add(time.Millisecond)))
	requireOpError(t, <-accepted, "accept", os.ErrDeadlineExceeded)
	require.NoError(t, d.SetDeadline(time.Time{}))
	go func() { _, err := l.Accept(); accepted <- err }()
	require.NoError(t, l.Close())
	requireOpError(t, <-accepted, "accept", net.ErrClosed)
	require.ErrorIs(t, d.SetDeadline(time.Time{}), net.ErrClosed)
	requireOpError(t, l.Close(), "close", net.ErrClosed)
}
