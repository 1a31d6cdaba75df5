package tcpproxy

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// dialling makes r's upstream one that dials until it is told to give up, or to go
// on.
func (r *rig) dialling() (dialling chan bool, goOn chan bool, gaveUp chan error) {
	dialling, goOn, gaveUp = make(chan bool, 1), make(chan bool), make(chan error, 1)
	r.proxy.DialTimeout = time.Hour
	r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
		dialling <- true
		select {
		case <-goOn:
			return r.dial(ctx, r.backend.Addr().Network(), r.backend.Addr().String())
		case <-ctx.Done():
			gaveUp <- ctx.Err()
			return nil, ctx.Err()
		}
	})
	return dialling, goOn, gaveUp
}

// The dial for a client that is gone is given up, also one that had sent before.
func TestDialIsGivenUp(t *testing.T) {
	for _, said := range []string{"", "question"} {
		for _, network := range []string{"tcp", "unix"} {
			var log bytes.Buffer
			r := prepare(t, &Proxy{}, network, "tcp")
			r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
			dialling, _, gaveUp := r.dialling()
			r.serve(r.front)
			client := r.dialFront()
			<-dialling
			write(t, client, said)
			if network == "tcp" {
				client.(*net.TCPConn).SetLinger(0)
			}
			client.Close()
			require.Equal(t, context.Canceled, <-gaveUp)
			require.NoError(t, r.finish())
			require.Equal(t, Stats{Accepted: 1, ClientResets: 1}, r.proxy.Stats())
			require.Empty(t, log.String(), "it says nothing of the upstream")
		}
	}
}

// Nor does it say anything of an address that was being dialled.
func TestGoneClientIsNoFailureOfTheAddress(t *testing.T) {
	var log bytes.Buffer
	r := prepare(t, &Proxy{Upstream: To("hole:1"), DialTimeout: time.Hour}, "tcp", "tcp")
	r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r.serve(r.front)
	client := r.dialFront()
	r.eventually("accepted", func(s Stats) bool { return s.Accepted == 1 })
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	r.eventually("given up", func(s Stats) bool { return s.ClientResets == 1 })
	require.NoError(t, r.finish())
	require.Empty(t, log.String())
}

// One that only has closed its half, or speaks, still wants its answer, and is
// read as ever after a dial that took its time.
func TestDialIsNotGivenUp(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		r := prepare(t, &Proxy{}, network, "tcp")
		dialling, goOn, gaveUp := r.dialling()
		r.serve(r.front)
		client := r.dialFront()
		<-dialling
		write(t, client, "question")
		require.NoError(t, client.CloseWrite())
		select {
		case <-gaveUp:
			t.Fatal("given up")
		case <-time.After(3 * goneAfter):
		}
		goOn <- true
		server, err := r.backend.Accept()
		require.NoError(t, err)
		requireEnd(t, server, "question")
		write(t, server, "answer")
		require.NoError(t, server.Close())
		requireEnd(t, client, "answer")
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	}
}

// What is looked out for while dialling is no longer afterwards: bytes wait for
// as long as they like.
func TestLookingOutLeavesNoDeadline(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	dialling, goOn, _ := r.dialling()
	r.serve(r.front)
	client := r.dialFront()
	<-dialling
	time.Sleep(2 * goneAfter)
	goOn <- true
	server, err := r.backend.Accept()
	require.NoError(t, err)
	for range 3 {
		time.Sleep(goneAfter)
		requireEcho(t, client, server)
	}
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

// option returns a TCP option of the other end of c in this process.
func option(t *testing.T, c *net.TCPConn, name int) (value int) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, name) }))
	require.NoError(t, err)
	return value
}

func TestTune(t *testing.T) {
	one, _ := tcpPair(t)
	(&Proxy{}).tune(one)
	require.Equal(t, 15, option(t, one, unix.TCP_KEEPIDLE), "package net's own")
	(&Proxy{KeepAlive: 7 * time.Second, UserTimeout: 1500 * time.Millisecond}).tune(metered{one})
	require.Equal(t, 7, option(t, one, unix.TCP_KEEPIDLE))
	require.Equal(t, 7, option(t, one, unix.TCP_KEEPINTVL))
	require.Equal(t, 9, option(t, one, unix.TCP_KEEPCNT))
	require.Equal(t, 1500, option(t, one, unix.TCP_USER_TIMEOUT))
	(&Proxy{KeepAlive: -1}).tune(one)
	raw, _ := one.SyscallConn()
	raw.Control(func(fd uintptr) {
		on, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		require.NoError(t, err)
		require.Zero(t, on)
	})
}

// A peer that acknowledges nothing for UserTimeout is given up, and the other side
// is told. What stands for a dead one here is one whose window stays closed.
func TestDeadPeerIsGivenUp(t *testing.T) {
	for _, dead := range []string{"client", "server"} {
		t.Run(dead, func(t *testing.T) {
			r := newRig(t, &Proxy{UserTimeout: 200 * time.Millisecond}, "tcp", "tcp")
			client, server := r.connect()
			alive := client
			if dead == "client" {
				alive = server
			}
			_, err := io.Copy(alive, endless{})
			require.ErrorIs(t, err, syscall.ECONNRESET)
			require.NoError(t, r.finish())
			got := r.proxy.Stats()
			require.EqualValues(t, 1, got.ClientResets+got.UpstreamResets)
			require.Equal(t, dead == "client", got.ClientResets == 1, "%+v", got)
		})
	}
}
