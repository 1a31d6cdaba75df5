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
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// TestADayOfRequests has a monitor read a server every 10 s.
func TestADayOfRequests(t *testing.T) {
	podtest.NoLeaks(t)
	synctest.Test(t, func(t *testing.T) { monitor(t, 24*time.Hour, true) })
}

func TestAnHourOfConnections(t *testing.T) {
	podtest.NoLeaks(t)
	synctest.Test(t, func(t *testing.T) { monitor(t, time.Hour, false) })
}

func monitor(t *testing.T, total time.Duration, keepAlive bool) {
	const every = 10 * time.Second
	var n podtest.Network
	l := listen(t, &n)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	requests := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		up(w, r)
	})
	go func() { served <- sandbox.ServeHTTP(ctx, l, &http.Server{Handler: handler}) }()

	transport := &http.Transport{DialContext: n.DialContext, DisableKeepAlives: !keepAlive}
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	began := time.Now()
	for range total / every {
		<-time.After(every)
		resp, err := client.Get("http://" + l.Addr().String() + "/metrics")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "up 1\n", string(body))
	}
	require.Equal(t, total, time.Since(began))
	require.EqualValues(t, total/every, requests)
	transport.CloseIdleConnections()
	stop()
	require.NoError(t, <-served)
}

func TestServerDrainsOverTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error)
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop()
			<-time.After(20 * time.Second)
			up(w, r)
		})
		go func() { served <- sandbox.ServeHTTP(ctx, l, &http.Server{Handler: slow}) }()
		client := &http.Client{Transport: &http.Transport{DialContext: n.DialContext}}
		began := time.Now()
		resp, err := client.Get("http://" + l.Addr().String())
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "up 1\n", string(body))
		require.Equal(t, 20*time.Second, time.Since(began))
		require.NoError(t, <-served)
	})
}
