package tcpproxy

import (
	"context"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// networks are the client's and the backend's.
var networks = [][2]string{{"tcp", "tcp"}, {"tcp", "unix"}, {"unix", "tcp"}, {"unix", "unix"}, {"mem", "mem"}}

// overNetworks runs f with either side of a connection in the first place.
func overNetworks(t *testing.T, f func(t *testing.T, r *rig, one, other halfConn)) {
	for _, n := range networks {
		t.Run(n[0]+" to "+n[1], func(t *testing.T) {
			t.Run("client", func(t *testing.T) {
				r := newRig(t, &Proxy{}, n[0], n[1])
				client, server := r.connect()
				f(t, r, client, server)
			})
			t.Run("server", func(t *testing.T) {
				r := newRig(t, &Proxy{}, n[0], n[1])
				client, server := r.connect()
				f(t, r, server, client)
			})
		})
	}
}

// One side is done, and still gets the whole answer of the other.
func TestHalfClose(t *testing.T) {
	overNetworks(t, func(t *testing.T, r *rig, one, other halfConn) {
		write(t, one, "question")
		require.NoError(t, one.CloseWrite())
		requireEnd(t, other, "question")
		write(t, other, "long ")
		requireRead(t, one, "long ")
		write(t, other, "answer")
		require.NoError(t, other.Close())
		requireEnd(t, one, "answer")

		require.NoError(t, r.finish())
		got := r.proxy.Stats()
		require.EqualValues(t, len("questionlong answer"), got.ToUpstream+got.FromUpstream)
		got.ToUpstream, got.FromUpstream = 0, 0
		require.Equal(t, Stats{Accepted: 1, Dialled: 1, Completed: 1}, got)
	})
}

// Either side may speak first, and both at any time.
func TestEitherSideSpeaksFirst(t *testing.T) {
	overNetworks(t, func(t *testing.T, r *rig, one, other halfConn) {
		for range 3 {
			write(t, one, "220 ready\r\n")
			requireRead(t, other, "220 ready\r\n")
			write(t, other, "EHLO\r\n")
			requireRead(t, one, "EHLO\r\n")
		}
		require.NoError(t, one.Close())
		requireEnd(t, other, "")
		require.NoError(t, other.Close())
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	})
}

// A connection on which nothing is ever said ends as well.
func TestEmptyConnection(t *testing.T) {
	overNetworks(t, func(t *testing.T, r *rig, one, other halfConn) {
		require.NoError(t, one.Close())
		requireEnd(t, other, "")
		require.NoError(t, other.Close())
		require.NoError(t, r.finish())
		require.Equal(t, Stats{Accepted: 1, Dialled: 1, Completed: 1}, r.proxy.Stats())
	})
}

// A server that answers early and breaks off, as one does that refuses a body:
// all of its answer arrives, also what the proxy has yet to read when it is
// refused, and then the reset.
func TestEarlyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{}, "mem", "mem")
		client, server := r.connect()
		write(t, client, "body")
		answer := strings.Repeat("too large ", 14<<10) // more than the client's buffer and the proxy's
		write(t, server, answer)
		synctest.Wait()
		require.NoError(t, server.Close()) // with unread bytes, so it resets
		write(t, client, "more")
		synctest.Wait()
		got, err := io.ReadAll(client)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.Equal(t, len(answer), len(got))
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().UpstreamResets)
	})
}

// What is sent to a server that has closed is refused, and its sender is told.
func TestLateBytesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{}, "mem", "mem")
		client, server := r.connect()
		require.NoError(t, server.Close())
		requireEnd(t, client, "")
		write(t, client, "late")
		synctest.Wait()
		_, err := client.Write([]byte("later"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.NoError(t, r.finish())
		require.Equal(t, Stats{Accepted: 1, Dialled: 1, UpstreamResets: 1}, r.proxy.Stats())
	})
}

// wholeConn knows no half of a close.
type wholeConn struct{ net.Conn }

// The end of a client is not passed on to an upstream that would take it for a
// whole close, and its answer is waited for.
func TestUpstreamWithoutHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{}, "mem", "mem")
		r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
			c, err := r.dial(ctx, "tcp", r.backend.Addr().String())
			return wholeConn{c}, err
		})
		r.serve(r.front)
		client, server := r.connect()
		write(t, client, "question")
		require.NoError(t, client.CloseWrite())
		requireRead(t, server, "question")
		elapse(time.Minute)
		write(t, server, "answer")
		require.NoError(t, server.Close())
		requireEnd(t, client, "answer")
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	})
}

// Where neither side knows it, an end is one of both directions.
func TestNoHalfCloseAtAll(t *testing.T) {
	for _, first := range []string{"client", "server"} {
		synctest.Test(t, func(t *testing.T) {
			upstream, server := net.Pipe()
			l := &oneConn{ended: make(chan struct{})}
			conn, client := net.Pipe()
			l.conn = conn
			p := &Proxy{Upstream: UpstreamFunc(func(context.Context) (net.Conn, error) { return upstream, nil })}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			served := make(chan error, 1)
			go func() { served <- p.Serve(ctx, l) }()
			requireEcho(t, client, server)
			if first == "server" {
				client, server = server, client
			}
			client.Close()
			requireEnd(t, server, "")
			stop()
			require.NoError(t, <-served)
			require.EqualValues(t, 1, p.Stats().Completed)
		})
	}
}

// oneConn is a listener with a single connection.
type oneConn struct {
	net.Listener
	conn  net.Conn
	ended chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.ended
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	close(l.ended)
	return nil
}
