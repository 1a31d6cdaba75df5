package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/statsd"
	"github.com/podpatterns/podpatterns/pod"
)

// Under a pod no datagram is lost while the adapter is restarted, and no counter
// begins anew.
func TestRestartsInAPod(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a socket holds between two runs is up to the system")
	}
	const restarts = 10
	source := &statsd.Source{UDP: "127.0.0.1:0"}
	p := &pod.Pod{
		Logger: slog.New(slog.DiscardHandler),
		Containers: []pod.Container{
			{Name: "metrics", Adapter: &metrics.Exporter{Sources: []metrics.Source{source}}, Listen: "127.0.0.1:0"},
			{Name: "main", Run: func(ctx context.Context, _ pod.Env) error { <-ctx.Done(); return nil }},
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	require.NoError(t, source.Ready(t.Context()))
	c, err := net.Dial("udp", source.Addrs()[0].String())
	require.NoError(t, err)
	defer c.Close()

	sent := 0
	for i := range restarts {
		until := time.Now().Add(50 * time.Millisecond)
		for n := 0; time.Now().Before(until); n++ {
			fmt.Fprint(c, "a:1|c\na:1|c|#k:v")
			sent += 2
			time.Sleep(100 * time.Microsecond)
			if n == 50 {
				require.NoError(t, p.Restart("metrics"), "%d", i)
			}
		}
	}
	require.Eventually(t, func() bool { return source.Stats().Samples == uint64(sent) }, 10*time.Second, time.Millisecond)
	require.Zero(t, source.Stats().KernelDropped)
	require.Empty(t, source.Stats().Rejected)
	require.Equal(t, 2, source.Stats().Series)
	stop()
	require.NoError(t, <-ended)
}
