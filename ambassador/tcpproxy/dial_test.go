package tcpproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// refusing returns an address that nobody listens on.
func refusing(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func requireEcho(t *testing.T, client, server net.Conn) {
	t.Helper()
	write(t, client, "ping")
	requireRead(t, server, "ping")
	write(t, server, "pong")
	requireRead(t, client, "pong")
}

func closeBoth(t *testing.T, client, server net.Conn) {
	t.Helper()
	require.NoError(t, client.Close())
	requireEnd(t, server, "")
	require.NoError(t, server.Close())
}

func TestNextAddressAfterRefusal(t *testing.T) {
	var log bytes.Buffer
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r.proxy.Upstream = To(refusing(t), refusing(t), r.backend.Addr().String())
	r.serve(r.front)
	for range 6 {
		client, server := r.connect()
		requireEcho(t, client, server)
		closeBoth(t, client, server)
	}
	require.NoError(t, r.finish())
	require.Equal(t, Stats{Accepted: 6, Dialled: 6, ToUpstream: 24, FromUpstream: 24, Completed: 6}, r.proxy.Stats())
	require.Equal(t, 2, strings.Count(log.String(), "\n"), "once for each address that does not answer:\n%s", &log)
}

func TestAddressesTakeTurns(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	second := r.listen("tcp")
	r.proxy.Upstream = To(r.backend.Addr().String(), second.Addr().String())
	r.serve(r.front)
	for range 3 {
		for _, l := range []net.Listener{r.backend, second} {
			client := r.dialFront()
			server, err := l.Accept()
			require.NoError(t, err)
			closeBoth(t, client, server)
		}
	}
	require.NoError(t, r.finish())
}

func TestNextAddressAfterABlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{DialTimeout: 6 * time.Second}, "mem", "mem")
		r.proxy.Upstream = To("hole:1", "hole:2", r.backend.Addr().String())
		r.serve(r.front)
		began := time.Now()
		client, server := r.connect()
		require.Equal(t, 4*time.Second, time.Since(began), "each address had its third of what was left")
		requireEcho(t, client, server)
		closeBoth(t, client, server)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Dialled)
	})
}

func TestNoAddressAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := prepare(t, &Proxy{Upstream: To("hole:1", "hole:2")}, "mem", "mem")
		r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
		r.serve(r.front)
		for range 2 {
			began := time.Now()
			r.requireRefused()
			require.Equal(t, defaultDialTimeout, time.Since(began))
		}
		require.NoError(t, r.finish())
		require.Equal(t, Stats{Accepted: 2, Unserved: 2}, r.proxy.Stats())
		require.Equal(t, 3, strings.Count(log.String(), "\n"), "one for each address, one for the whole:\n%s", &log)
	})
}

func TestUpstreamThatFails(t *testing.T) {
	for name, dial := range map[string]UpstreamFunc{
		"error":   func(context.Context) (net.Conn, error) { return nil, errors.New("broken") },
		"nothing": func(context.Context) (net.Conn, error) { return nil, nil },
		"panic":   func(context.Context) (net.Conn, error) { panic("broken") },
		"goexit":  func(context.Context) (net.Conn, error) { runtime.Goexit(); return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			var works atomic.Bool
			r := prepare(t, &Proxy{}, "tcp", "tcp")
			r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
				if !works.Load() {
					return dial(ctx)
				}
				return r.dial(ctx, "tcp", r.backend.Addr().String())
			})
			r.serve(r.front)
			r.requireRefused()
			require.Equal(t, Stats{Accepted: 1, Unserved: 1}, r.proxy.Stats())

			works.Store(true)
			client, server := r.connect()
			requireEcho(t, client, server)
			closeBoth(t, client, server)
			require.NoError(t, r.finish())
			require.EqualValues(t, 1, r.proxy.Stats().Completed)
		})
	}
}

// A client that leaves while its upstream is dialled takes it along, also where
// the dial is not given up for it.
func TestClientGoneWhileDialling(t *testing.T) {
	for name, linger := range map[string]int{"reset": 0, "closed": -1} {
		t.Run(name, func(t *testing.T) {
			dialling, answer := make(chan bool), make(chan bool)
			r := prepare(t, &Proxy{}, "tcp", "tcp")
			r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
				dialling <- true
				<-answer
				return r.dial(context.WithoutCancel(ctx), "tcp", r.backend.Addr().String())
			})
			r.serve(r.front)
			client := r.dialFront().(*net.TCPConn)
			<-dialling
			client.SetLinger(linger)
			client.Close()
			close(answer)
			server, err := r.backend.Accept()
			require.NoError(t, err)
			_, err = io.ReadAll(server)
			require.Equal(t, name == "reset", err != nil, "%v", err)
			server.Close()
			require.NoError(t, r.finish())
		})
	}
}

func TestUnixPathIsOneInTheRoot(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "unix")
	dir := filepath.Dir(r.backend.Addr().String())
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	r.box.Root = root
	r.proxy.Upstream = To("unix:s")
	r.serve(r.front)
	client, server := r.connect()
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())

	_, err = To("unix:../s").Dial(r.box.Context(t.Context()))
	require.ErrorContains(t, err, "unix:../s: path escapes from the root")
}
