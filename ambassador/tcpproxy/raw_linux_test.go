package tcpproxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// metered stands for a connection that counts what it is for, and leaves its bytes
// to the one below.
type metered struct{ net.Conn }

func (m metered) Raw() net.Conn                     { return m.Conn }
func (m metered) Read([]byte) (int, error)          { panic("is read past Raw") }
func (m metered) Write([]byte) (int, error)         { panic("is written past Raw") }
func (m metered) CloseWrite() error                 { return m.Conn.(halfConn).CloseWrite() }
func (m metered) SetLinger(seconds int) error       { return m.Conn.(*net.TCPConn).SetLinger(seconds) }
func (m metered) SetReadDeadline(t time.Time) error { panic("has no deadlines") }

// An upstream's connection with Raw is spliced as those of package net are, and
// half-closed and reset itself.
func TestRawUpstream(t *testing.T) {
	for _, breaks := range []bool{false, true} {
		r := prepare(t, &Proxy{}, "tcp", "tcp")
		closed := make(chan bool, 9)
		r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
			c, err := r.dial(ctx, "tcp", r.backend.Addr().String())
			return closing{metered{c}, closed}, err
		})
		r.serve(r.front)
		client, server := r.connect()
		requireEcho(t, client, server)
		go server.Write(make([]byte, 8<<20))
		_, err := io.CopyN(io.Discard, struct{ io.Reader }{client}, 8<<20)
		require.NoError(t, err)
		r.requireSpliced()
		require.NoError(t, client.CloseWrite())
		requireEnd(t, server, "")
		if breaks {
			client.(*net.TCPConn).SetLinger(0)
			client.Close()
			_, err = io.Copy(server, endless{})
			require.Error(t, err)
		} else {
			require.NoError(t, server.Close())
			requireEnd(t, client, "")
		}
		require.NoError(t, r.finish())
		require.True(t, <-closed)
	}
}

// requireSpliced is for the first second of a bulk transfer, of which some MiB
// have arrived: what the kernel moves is counted only once it has passed.
func (r *rig) requireSpliced() {
	r.t.Helper()
	s := r.proxy.Stats()
	require.Less(r.t, s.ToUpstream+s.FromUpstream, int64(1<<20))
}

type closing struct {
	metered
	closed chan bool
}

func (c closing) Close() error {
	c.closed <- true
	return c.metered.Conn.Close()
}

// Bytes that were read ahead go first, and the rest is spliced.
func TestHeaderThenBulk(t *testing.T) {
	for name, p := range map[string]*Proxy{"header": {ProxyFrom: loopback}, "hello": {Routes: map[string]Upstream{}}} {
		t.Run(name, func(t *testing.T) {
			r := prepare(t, p, "tcp", "tcp")
			said, want := header(t, 2), ""
			if name == "hello" {
				r.proxy.Routes["db.example"] = r.proxy.Upstream
				said = string(hello(t, "db.example"))
				want = said
			}
			r.serve(r.front)
			bulk := bytes.Repeat([]byte("bulk"), 8<<20) // more than the kernel holds
			client, server := r.connectSaying(said + "first")
			go func() {
				client.Write(bulk)
				client.CloseWrite()
			}()
			requireRead(t, server, want+"first"+string(bulk[:4<<20]))
			r.requireSpliced()
			rest, err := io.ReadAll(server)
			require.NoError(t, err)
			require.True(t, bytes.Equal(bulk[4<<20:], rest))
			server.Close()
			client.Close()
			require.NoError(t, r.finish())
		})
	}
}
