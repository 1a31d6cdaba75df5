package tcpproxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
	"github.com/podpatterns/podpatterns/internal/sockets"
)

// What breaks while the kernel moves the bytes is told apart by its side.
func TestBulkIsReset(t *testing.T) {
	const bulk = 1 << 20
	for _, breaks := range []string{"sender", "reader"} {
		t.Run(breaks, func(t *testing.T) {
			eachWay(t, 0, func(t *testing.T, r *rig, one, other *net.TCPConn, end func(Stats) int64) {
				from, to := one, other
				if breaks == "reader" {
					from, to = other, one
				}
				written := make(chan error, 1)
				go func() {
					_, err := from.Write(make([]byte, bulk))
					for breaks == "reader" && err == nil {
						_, err = from.Write(make([]byte, bulk))
					}
					written <- err
				}()
				_, err := io.CopyN(io.Discard, struct{ io.Reader }{to}, bulk)
				require.NoError(t, err)
				if breaks == "sender" {
					require.NoError(t, <-written)
				}
				one.SetLinger(0)
				require.NoError(t, one.Close())
				_, err = io.Copy(io.Discard, struct{ io.Reader }{other})
				if breaks == "reader" { // other writes, and may be told there
					err = errors.Join(err, <-written)
				}
				require.ErrorIs(t, err, syscall.ECONNRESET)
				require.NoError(t, r.finish())
				require.EqualValues(t, 1, end(r.proxy.Stats()))
			})
		})
	}
}

// The kernel tells of a reset but once. Where it told the write to a socket, the
// read from it looks like an end.
func TestHiddenResetIsNoEnd(t *testing.T) {
	client, clientInside := tcpPair(t)
	server, serverInside := tcpPair(t)
	server.SetLinger(0)
	server.Close()
	require.Eventually(t, func() bool { return sockets.Inspect(serverInside).Closed }, patience, time.Millisecond)

	p := newPair(&run{proxy: &Proxy{}, began: time.Now()}, clientInside)
	require.True(t, p.join(serverInside))
	require.ErrorIs(t, p.up.write(message), syscall.ECONNRESET)
	require.ErrorIs(t, p.down.copy(), io.EOF, "so it does hide")
	require.Equal(t, upstreamReset, p.ending)
	requireReset(t, client, nil)
}

// The same where the bytes are TLS's, whose end is a write too.
func TestHiddenResetOfTLSIsNoEnd(t *testing.T) {
	for i, end := range []ending{clientReset, upstreamReset, clientReset, upstreamReset} {
		near, nearInside := tcpPair(t)
		far, farInside := tcpPair(t)
		secure := tls.Server(farInside, serverConfig(t))
		greeted := make(chan error, 1)
		go func() { greeted <- tls.Client(far, trusting).Handshake() }()
		require.NoError(t, secure.Handshake())
		require.NoError(t, <-greeted)
		far.SetLinger(0)
		far.Close()
		require.Eventually(t, func() bool { return sockets.Inspect(farInside).Closed }, patience, time.Millisecond)

		var p *pair
		var reads, writes *stream
		if end == clientReset {
			p = newPair(&run{proxy: &Proxy{}, began: time.Now()}, secure)
			require.True(t, p.join(nearInside))
			reads, writes = &p.up, &p.down
		} else {
			p = newPair(&run{proxy: &Proxy{}, began: time.Now()}, nearInside)
			require.True(t, p.join(secure))
			reads, writes = &p.down, &p.up
		}
		if i < 2 {
			require.ErrorIs(t, writes.write(message), syscall.ECONNRESET)
		} else {
			p.finish(writes, sourceEnded)
		}
		require.ErrorIs(t, reads.copy(), io.EOF, "so it does hide")
		require.Equal(t, end, p.ending)
		requireReset(t, near, nil)
	}
}

// A peer that is slow to read is told of an end in TLS whenever it gets there.
func TestEndOfTLSWaitsForASlowReader(t *testing.T) {
	client, inside := tcpPair(t)
	secure := tls.Server(inside, serverConfig(t))
	greeted := make(chan error, 1)
	go func() { greeted <- tls.Client(client, trusting).Handshake() }()
	require.NoError(t, secure.Handshake())
	require.NoError(t, <-greeted)
	held := fill(t, inside)
	closed := make(chan bool, 1)
	go func() {
		closed <- (&stream{pair: &pair{}, dst: secure}).closeTarget()
		inside.CloseWrite()
	}()
	select {
	case <-closed:
		t.Fatal("there is no room for it")
	case <-time.After(5500 * time.Millisecond): // more than the patience of crypto/tls
	}
	got, err := io.Copy(io.Discard, struct{ io.Reader }{client})
	require.NoError(t, err)
	require.Greater(t, got, held)
	require.True(t, <-closed)
}

// fill writes until the kernel takes not a byte more, and returns how many it took.
func fill(t *testing.T, c *net.TCPConn) (n int64) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	for piece, since := make([]byte, 64<<10), time.Now(); time.Since(since) < 200*time.Millisecond; {
		raw.Control(func(fd uintptr) {
			m, err := syscall.Write(int(fd), piece)
			if err != nil {
				piece = piece[:max(1, len(piece)/2)]
				return
			}
			n, since = n+int64(m), time.Now()
		})
	}
	return n
}

func serverConfig(t *testing.T) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{authority.New(t).Sign("db.example")}}
}

func tcpPair(t *testing.T) (one, other *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	a, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { a.Close() })
	return c.(*net.TCPConn), a.(*net.TCPConn)
}

func TestResetOfABusySideIsNoEnd(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	for range 50 {
		client, server := r.connect()
		written := make(chan error, 1)
		go func() {
			_, err := io.Copy(client, repeat(message))
			written <- err
		}()
		requireRead(t, server, string(message))
		write(t, server, "part")
		requireRead(t, client, "part")
		server.(*net.TCPConn).SetLinger(0)
		require.NoError(t, server.Close())
		_, err := io.ReadAll(client)
		require.ErrorIs(t, errors.Join(err, <-written), syscall.ECONNRESET) // the client's kernel does so too
		client.Close()
	}
	require.NoError(t, r.finish())
}

// repeat is a reader of the same message for ever.
type repeat []byte

func (r repeat) Read(b []byte) (int, error) { return copy(b, r), nil }
