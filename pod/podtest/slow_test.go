package podtest_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestSlowLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		n.Slow(100*time.Millisecond, 0)
		began := time.Now()
		client, server := connectTo(t, &n, l)
		require.Equal(t, 200*time.Millisecond, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		_, err := n.DialContext(ctx, "tcp", l.Addr().String())
		require.ErrorIs(t, err, context.DeadlineExceeded)

		began = time.Now()
		write(t, client, "first")
		time.Sleep(50 * time.Millisecond)
		write(t, client, "second")
		n.Slow(0, 0)
		write(t, client, "third") // not before what was sent before
		require.Equal(t, "first", read(t, server, 5))
		require.Equal(t, 100*time.Millisecond, time.Since(began))
		require.Equal(t, "second", read(t, server, 6))
		require.Equal(t, 150*time.Millisecond, time.Since(began))
		require.Equal(t, "third", read(t, server, 5))
		require.Equal(t, 150*time.Millisecond, time.Since(began))

		n.Slow(100*time.Millisecond, 0)
		began = time.Now()
		require.NoError(t, client.Close())
		_, err = server.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

func TestSlowBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		client, server := connect(t, &n)
		n.Slow(time.Second, 10_000)
		began := time.Now()
		go func() {
			client.Write(make([]byte, 100_000)) // more than what may be on its way
			client.Close()
		}()
		read(t, server, 500)
		require.Equal(t, time.Second+50*time.Millisecond, time.Since(began), "in portions")
		all, err := io.ReadAll(server)
		require.NoError(t, err)
		require.Len(t, all, 100_000-500)
		require.Equal(t, 11*time.Second, time.Since(began).Round(50*time.Millisecond))
	})
}

func TestSlowHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		server := &http.Server{Handler: http.HandlerFunc(up)}
		go server.Serve(l)
		defer server.Close()
		transport := &http.Transport{DialContext: n.DialContext}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
		ask := func() (time.Duration, error) {
			began := time.Now()
			resp, err := client.Get("http://" + l.Addr().String())
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			return time.Since(began), err
		}
		n.Slow(30*time.Millisecond, 0)
		took, err := ask()
		require.NoError(t, err)
		require.Equal(t, 120*time.Millisecond, took)
		took, err = ask()
		require.NoError(t, err)
		require.Equal(t, 60*time.Millisecond, took)

		n.Cut(l.Addr().String())
		took, err = ask()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, took)
		n.Restore(l.Addr().String())
		_, err = ask()
		require.NoError(t, err)
	})
}
