package podtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestNamesAreHosts(t *testing.T) {
	var n podtest.Network
	for _, host := range []string{"db", "cache.internal"} {
		l, err := n.Listen(t.Context(), "tcp", host+":5432")
		require.NoError(t, err)
		defer l.Close()
		c := dial(t, &n, host+":5432")
		require.Equal(t, l.Addr().String(), c.RemoteAddr().String())
		dial(t, &n, l.Addr().String())
	}
	_, err := n.DialContext(t.Context(), "tcp", "web:5432")
	requireOpError(t, err, "dial", syscall.ECONNREFUSED)
}

func TestUnixSockets(t *testing.T) {
	var n podtest.Network
	l, err := n.Listen(t.Context(), "unix", "/run/db.sock")
	require.NoError(t, err)
	require.Equal(t, &net.UnixAddr{Name: "/run/db.sock", Net: "unix"}, l.Addr())
	_, err = n.Listen(t.Context(), "unix", "/run/db.sock")
	requireOpError(t, err, "listen", syscall.EADDRINUSE)
	c, err := n.DialContext(t.Context(), "unix", "/run/db.sock")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, l.Close())
	_, err = n.DialContext(t.Context(), "unix", "/run/db.sock")
	requireOpError(t, err, "dial", syscall.ECONNREFUSED)
	_, err = n.Listen(t.Context(), "unix", "")
	require.Error(t, err)
}

func TestPortsAreBounded(t *testing.T) {
	var n podtest.Network
	for range 1<<16 - 49152 {
		l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
	}
	_, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	requireOpError(t, err, "listen", syscall.EADDRINUSE)
}

// TestBuffersAreBounded also shows that a Write that waits is durably blocked:
// else the bubble's clock would stand still.
func TestBuffersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t, new(podtest.Network))
		require.NoError(t, client.SetWriteDeadline(time.Now().Add(time.Hour)))
		began := time.Now()
		n, err := client.Write(make([]byte, 100<<10))
		requireOpError(t, err, "write", os.ErrDeadlineExceeded)
		require.Equal(t, 64<<10, n)
		require.Equal(t, time.Hour, time.Since(began))

		require.NoError(t, client.SetWriteDeadline(time.Time{}))
		_, err = io.ReadFull(server, make([]byte, 1<<10))
		require.NoError(t, err)
		_, err = client.Write(make([]byte, 1<<10))
		require.NoError(t, err)
	})
}

func TestDeadlinesPassInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t, new(podtest.Network))
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Minute)))
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Hour))) // the first one is void
		began := time.Now()
		time.AfterFunc(30*time.Minute, func() { server.Write([]byte("in time")) })
		b := make([]byte, 16)
		n, err := client.Read(b)
		require.NoError(t, err)
		require.Equal(t, "in time", string(b[:n]))
		require.Equal(t, 30*time.Minute, time.Since(began))
		_, err = client.Read(b)
		requireOpError(t, err, "read", os.ErrDeadlineExceeded)
		require.Equal(t, time.Hour, time.Since(began))
	})
}

func TestDialWaitsForTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		for range 128 {
			dial(t, &n, l.Addr().String())
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := n.DialContext(short, "tcp", l.Addr().String())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(began))

		dialled := make(chan error)
		connect := func() {
			_, err := n.DialContext(t.Context(), "tcp", l.Addr().String())
			dialled <- err
		}
		go connect()
		synctest.Wait()
		_, err = l.Accept()
		require.NoError(t, err)
		require.NoError(t, <-dialled)
		go connect()
		synctest.Wait()
		require.NoError(t, l.Close())
		requireOpError(t, <-dialled, "dial", syscall.ECONNREFUSED)
	})
}

func TestDatagramsAreDroppedAndCounted(t *testing.T) {
	var n podtest.Network
	to, err := n.ListenPacket(t.Context(), "udp", "0.0.0.0:8125")
	require.NoError(t, err)
	defer to.Close()
	from, err := n.ListenPacket(t.Context(), "udp", "[::]:0")
	require.NoError(t, err)
	defer from.Close()
	for i := range 300 {
		_, err := from.WriteTo(fmt.Append(nil, i), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8125})
		require.NoError(t, err)
	}
	require.EqualValues(t, 300-256, n.Dropped())
	b := make([]byte, 8)
	for i := range 256 {
		size, _, err := to.ReadFrom(b)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), string(b[:size]))
	}
	_, err = from.WriteTo(b, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1})
	require.NoError(t, err) // nobody is there
	require.EqualValues(t, 300-256+1, n.Dropped())
}

// TestBytesArriveInOrder writes and reads both ways at once, in random portions.
func TestBytesArriveInOrder(t *testing.T) {
	podtest.NoLeaks(t)
	client, server := connect(t, new(podtest.Network))
	random := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(random.Uint32())
	}
	done := make(chan error)
	echo := func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{server}, struct{ io.Reader }{server}, make([]byte, 7001))
		server.(tcp).CloseWrite()
		done <- err
	}
	send := func() {
		var err error
		for rest := sent; len(rest) > 0 && err == nil; {
			n := min(len(rest), 1+random.IntN(100_000))
			_, err = client.Write(rest[:n])
			rest = rest[n:]
		}
		client.(tcp).CloseWrite()
		done <- err
	}
	go echo()
	go send()
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.True(t, bytes.Equal(sent, got))
}

// TestWritesStayTogether has many write at once, each more than the buffer holds.
func TestWritesStayTogether(t *testing.T) {
	podtest.NoLeaks(t)
	client, server := connect(t, new(podtest.Network))
	const writers, size = 8, 100 << 10
	for i := range writers {
		go client.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
	}
	b := make([]byte, size)
	for range writers {
		_, err := io.ReadFull(server, b)
		require.NoError(t, err)
		require.Equal(t, size, bytes.Count(b, b[:1]))
	}
}
