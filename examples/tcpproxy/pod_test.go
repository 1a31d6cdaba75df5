package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/pod"
)

// Under a pod no client is refused, reset or left without its answer while the
// proxy is restarted.
func TestRestartsInAPod(t *testing.T) {
	const restarts, clients = 20, 4
	proxy := &tcpproxy.Proxy{Upstream: tcpproxy.To(startBackend(t, "db", listen(t)))}
	p := &pod.Pod{
		Logger: slog.New(slog.DiscardHandler),
		Containers: []pod.Container{
			{Name: "db", Ambassador: proxy, Listen: "127.0.0.1:0"},
			{Name: "main", Run: func(ctx context.Context, _ pod.Env) error { <-ctx.Done(); return nil }},
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	var addr string
	require.Eventually(t, func() bool {
		s := p.Status()
		if len(s.Containers) > 0 {
			addr = s.Containers[0].Address
		}
		return addr != ""
	}, 10*time.Second, time.Millisecond)

	var asked atomic.Int64
	var over atomic.Bool
	var busy sync.WaitGroup
	for range clients {
		busy.Go(func() {
			for !over.Load() && !t.Failed() {
				if answer, err := askAt(addr); err != nil || answer != "db hello" {
					t.Errorf("%q, %v", answer, err)
				}
				asked.Add(1)
			}
		})
	}
	for range restarts {
		before := asked.Load()
		require.Eventually(t, func() bool { return asked.Load() > before+5 }, 10*time.Second, time.Millisecond)
		require.NoError(t, p.Restart("db"))
	}
	over.Store(true)
	busy.Wait()
	stop()
	require.NoError(t, <-ended)
	s := proxy.Stats()
	require.EqualValues(t, asked.Load(), s.Completed)
	require.Equal(t, s.Accepted, s.Completed)
}
