package httpproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// inMemory starts p, with a server of h as its upstream, in the bubble that t is
// of. A request is made by ask, which returns the status.
func inMemory(t *testing.T, p *Proxy, h http.Handler) (ask func() int) {
	t.Helper()
	network := &podtest.Network{}
	back, err := network.Listen(t.Context(), "tcp", "127.0.0.1:8000")
	require.NoError(t, err)
	backend := &http.Server{Handler: h}
	go backend.Serve(back)
	front, err := network.Listen(t.Context(), "tcp", "127.0.0.1:80")
	require.NoError(t, err)
	box := &sandbox.Sandbox{Dial: network.DialContext, Logger: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(box.Context(context.Background()))
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, front) }()
	synctest.Wait()
	c, err := network.DialContext(t.Context(), "tcp", "127.0.0.1:80")
	require.NoError(t, err)
	in := bufio.NewReader(c)
	t.Cleanup(func() {
		c.Close()
		stop()
		require.NoError(t, <-served)
		backend.Close()
		synctest.Wait()
	})
	return func() int {
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		res, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		return res.StatusCode
	}
}

func TestPausesBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		ask := inMemory(t, &Proxy{
			Upstream: &upstream.Cluster{Endpoints: upstream.To("127.0.0.1:8000")},
			Retry:    &Retry{Tries: 4, Pause: 100 * time.Millisecond, MaxPause: 200 * time.Millisecond},
		}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			at = append(at, time.Since(began))
			if len(at) == 3 {
				w.Header().Set("Retry-After", "1")
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		require.Equal(t, 503, ask())
		require.Len(t, at, 4)
		require.Zero(t, at[0])
		require.InDelta(t, 100*time.Millisecond, at[1]-at[0], float64(51*time.Millisecond))
		require.InDelta(t, 200*time.Millisecond, at[2]-at[1], float64(101*time.Millisecond))
		require.InDelta(t, time.Second, at[3]-at[2], float64(time.Millisecond), "as it was asked to")
	})
}

// An upstream that fails for a minute is sent a fifth more than its clients send.
func TestBudgetOverAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		p := &Proxy{
			Upstream: &upstream.Cluster{Endpoints: upstream.To("127.0.0.1:8000")},
			Retry:    &Retry{Pause: time.Millisecond, Budget: &Budget{PerSecond: -1}},
		}
		ask := inMemory(t, p, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			sent++
			w.WriteHeader(http.StatusBadGateway)
		}))
		const requests = 3000
		for range requests {
			require.Equal(t, 502, ask())
			time.Sleep(20 * time.Millisecond)
		}
		require.InDelta(t, requests*1.2, sent, requests*0.02)
		s := p.Stats().Routes[0]
		require.EqualValues(t, sent-requests, s.Retries)
		require.Positive(t, s.Exhausted)
	})
}

// A try that hangs is given up for another, within the time of the whole.
func TestTryTimeoutWithinTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		p := &Proxy{
			Upstream: &upstream.Cluster{Endpoints: upstream.To("127.0.0.1:8000")},
			Retry:    &Retry{Tries: 10, Pause: time.Millisecond, TryTimeout: time.Second},
			Timeout:  3500 * time.Millisecond,
		}
		ask := inMemory(t, p, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			tries.Add(1)
			<-r.Context().Done()
		}))
		began := time.Now()
		require.Equal(t, 504, ask())
		require.EqualValues(t, 4, tries.Load())
		require.Equal(t, 3500*time.Millisecond, time.Since(began))
	})
}
