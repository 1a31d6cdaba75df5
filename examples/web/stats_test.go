package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// The snapshots of all blocks are metrics as they are.
func TestStatsOfTheBlocksAreMetrics(t *testing.T) {
	cluster := upstream.Stats{Active: 2, Panic: true, Endpoints: []upstream.EndpointStats{
		{Endpoint: upstream.Endpoint{Address: "10.0.0.1:80"}, Picked: 3, Latency: time.Second},
		{Endpoint: upstream.Endpoint{Address: "10.0.0.2:80"}, Picked: 4},
	}}
	e := &metrics.Exporter{Sources: []metrics.Source{
		metrics.Stats("logcollect", func() logcollect.Stats { return logcollect.Stats{Lines: 7, OpenFiles: 1} }),
		metrics.Stats("tcpproxy", func() tcpproxy.Stats { return tcpproxy.Stats{Accepted: 5} }),
		metrics.Stats("upstream", func() upstream.Stats { return cluster }),
	}}
	e.Sources = append(e.Sources, metrics.Stats("exporter", e.Stats))
	var b metrics.Batch
	require.NoError(t, e.Collect(context.Background(), &b))
	var text strings.Builder
	require.NoError(t, metrics.Text.Write(&text, &b))
	for _, want := range []string{
		"\nlogcollect_lines 7\n", "\nlogcollect_open_files 1\n", "\ntcpproxy_accepted 5\n", "\nupstream_active 2\n", "\nupstream_panic 1\n",
		"\nupstream_endpoints_picked{address=\"10.0.0.1:80\"} 3\nupstream_endpoints_picked{address=\"10.0.0.2:80\"} 4\n",
		"\nupstream_endpoints_latency_seconds{address=\"10.0.0.1:80\"} 1\n", "\nexporter_sources_collections{name=\"exporter\"} ",
		`up{source="exporter"} 1`,
	} {
		require.Contains(t, text.String(), want)
	}
	require.NotContains(t, text.String(), `} 0 `)
}
