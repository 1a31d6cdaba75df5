package podtest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type tcp interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	SetLinger(int) error
}

func halfClose(t *testing.T, n network) {
	client, server := connect(t, n)
	_, err := client.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, client.(tcp).CloseWrite())
	_, err = client.Write([]byte("more"))
	requireOpError(t, err, "write", syscall.EPIPE)

	all, err := io.ReadAll(server)
	require.NoError(t, err)
	require.Equal(t, "question", string(all))
	_, err = server.Write([]byte("answer"))
	require.NoError(t, err)
	require.NoError(t, server.Close())
	all, err = io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "answer", string(all))

	client, server = connect(t, n)
	require.NoError(t, client.(tcp).CloseRead())
	_, err = client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_, err = server.Write([]byte("nobody reads this"))
	require.NoError(t, err)
}

func endAfterData(t *testing.T, n network) {
	client, server := connect(t, n)
	_, err := client.Write([]byte("last words"))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	all, err := io.ReadAll(server)
	require.NoError(t, err)
	require.Equal(t, "last words", string(all))
}

func writeToClosed(t *testing.T, n network) {
	client, server := connect(t, n)
	require.NoError(t, client.Close())
	var err error
	for err == nil { // the kernel takes what it has not yet been told is in vain
		_, err = server.Write([]byte("x"))
	}
	require.True(t, errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET), err)
}

func resetBySetLinger(t *testing.T, n network) {
	client, server := connect(t, n)
	_, err := client.Write([]byte("x"))
	require.NoError(t, err)
	b := make([]byte, 2)
	_, err = server.Read(b)
	require.NoError(t, err)
	require.NoError(t, client.(tcp).SetLinger(0))
	require.NoError(t, client.Close())
	_, err = server.Read(b)
	requireOpError(t, err, "read", syscall.ECONNRESET)

	client, server = connect(t, n)
	require.NoError(t, client.(tcp).SetLinger(0))
	require.NoError(t, client.Close())
	_, err = server.Write(b)
	requireOpError(t, err, "write", syscall.ECONNRESET)
}

func resetByUnreadData(t *testing.T, n network) {
	client, server := connect(t, n)
	_, err := server.Write([]byte("unread"))
	require.NoError(t, err)
	_, err = client.Read(make([]byte, 1)) // it has arrived
	require.NoError(t, err)
	require.NoError(t, client.Close())
	_, err = server.Read(make([]byte, 1))
	requireOpError(t, err, "read", syscall.ECONNRESET)
}

func closedConn(t *testing.T, n network) {
	client, server := connect(t, n)
	read := make(chan error)
	go func() { _, err := client.Read(make([]byte, 1)); read <- err }()
	written := make(chan error)
	go func() {
		var err error
		for err == nil { // until the buffers are full, and then it blocks
			_, err = client.Write(make([]byte, 1<<20))
		}
		written <- err
	}()
	_, err := io.ReadFull(server, make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	requireOpError(t, <-read, "read", net.ErrClosed)
	requireOpError(t, <-written, "write", net.ErrClosed)

	requireOpError(t, client.Close(), "close", net.ErrClosed)
	requireOpError(t, client.(tcp).CloseWrite(), "close", net.ErrClosed)
	requireOpError(t, client.(tcp).CloseRead(), "close", net.ErrClosed)
	requireOpError(t, client.SetDeadline(time.Now()), "set", net.ErrClosed)
	requireOpError(t, client.SetReadDeadline(time.Now()), "set", net.ErrClosed)
	requireOpError(t, client.SetWriteDeadline(time.Now()), "set", net.ErrClosed)
}

func pastDeadlines(t *testing.T, n network) {
	client, server := connect(t, n)
	_, err := server.Write([]byte("ab"))
	require.NoError(t, err)
	b := make([]byte, 1)
	_, err = client.Read(b)
	require.NoError(t, err)

	require.NoError(t, client.SetDeadline(time.Unix(1, 0)))
	_, err = client.Read(b) // also with data there
	requireOpError(t, err, "read", os.ErrDeadlineExceeded)
	_, err = client.Write(b)
	requireOpError(t, err, "write", os.ErrDeadlineExceeded)
	require.NoError(t, client.SetDeadline(time.Time{}))
	_, err = client.Read(b)
	require.NoError(t, err)
	require.Equal(t, "b", string(b))
	_, err = client.Write(b)
	require.NoError(t, err)

	read := make(chan error)
	go func() { _, err := client.Read(b); read <- err }()
	require.NoError(t, client.SetReadDeadline(time.Now())) // wakes one that waits
	requireOpError(t, <-read, "read", os.ErrDeadlineExceeded)
}

func packets(t *testing.T, n network) {
	a, err := n.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer a.Close()
	_, err = n.ListenPacket(t.Context(), "udp", a.LocalAddr().String())
	requireOpError(t, err, "listen", syscall.EADDRINUSE)
	b, err := n.DialContext(t.Context(), "udp", a.LocalAddr().String())
	require.NoError(t, err)
	defer b.Close()

	_, err = b.Write([]byte("ping"))
	require.NoError(t, err)
	buf := make([]byte, 3) // a datagram is cut, and its rest is gone
	size, from, err := a.ReadFrom(buf)
	require.NoError(t, err)
	require.Equal(t, "pin", string(buf[:size]))
	require.Equal(t, b.LocalAddr().String(), from.String())
	_, err = a.WriteTo([]byte("pong"), from)
	require.NoError(t, err)
	size, err = b.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "pon", string(buf[:size]))

	_, err = a.WriteTo(make([]byte, 1<<16), from)
	requireOpError(t, err, "write", syscall.EMSGSIZE)
	_, err = b.(net.PacketConn).WriteTo(buf, from)
	requireOpError(t, err, "write", net.ErrWriteToConnected)

	read := make(chan error)
	go func() { _, _, err := a.ReadFrom(buf); read <- err }()
	require.NoError(t, a.SetReadDeadline(time.Now()))
	requireOpError(t, <-read, "read", os.ErrDeadlineExceeded)
	require.NoError(t, a.SetDeadline(time.Time{}))
	go func() { _, _, err := a.ReadFrom(buf); read <- err }()
	require.NoError(t, a.Close())
	requireOpError(t, <-read, "read", net.ErrClosed)
	requireOpError(t, a.Close(), "close", net.ErrClosed)
	requireOpError(t, a.SetDeadline(time.Time{}), "set", net.ErrClosed)
}
