package tcpproxy

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/sockets"
)

// eachWay runs f with either side in the first place. end is how a pair is
// counted that the first one has broken.
func eachWay(t *testing.T, halfCloseIdle time.Duration, f func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64)) {
	for _, first := range []string{"client", "server"} {
		t.Run(first, func(t *testing.T) {
			r := newRig(t, &Proxy{HalfCloseIdle: halfCloseIdle}, "tcp", "tcp")
			one, other := r.connect()
			end := func(s Stats) int64 { return s.ClientResets }
			if first == "server" {
				one, other = other, one
				end = func(s Stats) int64 { return s.UpstreamResets }
			}
			// A reset before the proxy's own connect(2) has returned fails the dial.
			r.eventually("dialled", func(s Stats) bool { return s.Dialled == 1 })
			f(t, r, one.(*net.TCPConn), other.(*net.TCPConn), end)
		})
	}
}

// arrived waits until the proxy's kernel has what c has sent.
func arrived(t *testing.T, c net.Conn) {
	t.Helper()
	require.Eventually(t, func() bool { return !sockets.Inspect(c).Pending }, patience, time.Millisecond)
}

func requireReset(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got, err := io.ReadAll(c)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Equal(t, len(want), len(got))
	require.True(t, bytes.Equal(want, got))
}

func TestResetIsPassedOn(t *testing.T) {
	eachWay(t, 0, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
		write(t, one, "last words")
		arrived(t, one)
		one.SetLinger(0)
		require.NoError(t, one.Close())
		requireReset(t, other, []byte("last words"))
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, end(r.proxy.Stats()))
	})
}

func TestResetWithoutAByte(t *testing.T) {
	eachWay(t, 0, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
		one.SetLinger(0)
		require.NoError(t, one.Close())
		requireReset(t, other, nil)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, end(r.proxy.Stats()))
	})
}

// What was sent before a reset arrives before it, however slow its reader is.
func TestResetWaitsForASlowReader(t *testing.T) {
	eachWay(t, 0, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
		require.NoError(t, other.SetReadBuffer(1<<17))
		sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		go one.Write(sent)
		r.eventually("all taken in", func(s Stats) bool { return s.ToUpstream+s.FromUpstream == int64(len(sent)) })
		arrived(t, one)
		one.SetLinger(0)
		require.NoError(t, one.Close())
		r.stop() // a drain waits for it too
		requireReset(t, other, sent)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, end(r.proxy.Stats()))
	})
}

// A reader that has stopped to read gets no more than HalfCloseIdle.
func TestResetDoesNotWaitForever(t *testing.T) {
	eachWay(t, 100*time.Millisecond, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
		require.NoError(t, other.SetReadBuffer(1<<17))
		sent := make([]byte, 1<<20)
		go one.Write(sent)
		r.eventually("all taken in", func(s Stats) bool { return s.ToUpstream+s.FromUpstream == int64(len(sent)) })
		arrived(t, one)
		one.SetLinger(0)
		require.NoError(t, one.Close())
		r.eventually("expired", func(s Stats) bool { return s.HalfCloseExpired == 1 })
		require.NoError(t, r.finish())
	})
}

// The same for a reader that stops in the half-closed state, with bytes in the
// proxy's hand.
func TestHalfClosedReaderStalls(t *testing.T) {
	eachWay(t, 100*time.Millisecond, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
		require.NoError(t, other.CloseWrite())
		requireEnd(t, one, "")
		written := make(chan error, 1)
		go func() {
			_, err := io.Copy(one, endless{})
			written <- err
		}()
		require.Error(t, <-written)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().HalfCloseExpired)
	})
}

// Bytes that the kernel moves without end are no silence.
func TestHalfClosedBulkIsNotSilent(t *testing.T) {
	eachWay(t, 300*time.Millisecond, func(t *testing.T, r *rig, one, other *net.TCPConn, _ func(Stats) int64) {
		require.NoError(t, other.CloseWrite())
		requireEnd(t, one, "")
		written := make(chan int64, 1)
		go func() {
			one.SetWriteDeadline(time.Now().Add(900 * time.Millisecond))
			n, _ := io.Copy(one, endless{})
			one.Close()
			written <- n
		}()
		got, err := io.Copy(io.Discard, struct{ io.Reader }{other})
		require.NoError(t, err)
		require.Equal(t, <-written, got)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	})
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// An answer that has ended in order is not cut by what the client sent too late.
func TestAnswerOutlivesARefusal(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	client, server := r.connect()
	require.NoError(t, client.(*net.TCPConn).SetReadBuffer(1<<17))
	answer := bytes.Repeat([]byte("answer "), 1<<17)
	_, err := server.Write(answer[:len(answer)/2])
	require.NoError(t, err)
	_, err = server.Write(answer[len(answer)/2:])
	require.NoError(t, err)
	require.NoError(t, server.Close())
	r.eventually("answered", func(s Stats) bool { return s.FromUpstream == int64(len(answer)) })
	for range 3 { // the second one at the latest is refused
		write(t, client, "late")
		r.eventually("the byte was read or refused", func(s Stats) bool { return s.ToUpstream > 0 })
	}
	got, _ := io.ReadAll(client)
	require.True(t, bytes.Equal(answer, got), "%d of %d bytes", len(got), len(answer))
	client.Close()
	require.NoError(t, r.finish())
}
