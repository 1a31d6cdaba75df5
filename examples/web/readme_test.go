package main

import (
	"context"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// The README's snippets, so that they compile. TestReadme compares them.

func readmeSidecar(ctx context.Context, root *os.Root) error {
	logs := &logcollect.Collector{
		Include: []string{"logs/*.log"},
		Sink:    &logcollect.File{Path: "collected.log"},
	}
	err := logs.Run(ctx, root)
	return err
}

func readmeAmbassador(ctx context.Context, listener net.Listener) error {
	db := &tcpproxy.Proxy{Upstream: &upstream.Cluster{
		Endpoints: upstream.DNS{Service: "_postgresql._tcp.db.example"},
		Check:     &upstream.Check{}, // asks each whether it accepts connections
	}}
	err := db.Serve(ctx, listener)
	return err
}

func readmeAdapter(ctx context.Context, root *os.Root, listener net.Listener, pid int) error {
	exporter := &metrics.Exporter{Sources: []metrics.Source{&metrics.Process{PID: pid}}}
	err := exporter.Adapt(ctx, root, listener)
	return err
}

func readmePod(ctx context.Context, logs *logcollect.Collector, db *tcpproxy.Proxy) error {
	p := &pod.Pod{
		Name: "shop",
		Containers: []pod.Container{
			{Name: "migrate", Init: true, Command: []string{"migrate", "up"}},
			{Name: "logs", Sidecar: logs},
			{Name: "db", Ambassador: db, Listen: "127.0.0.1:5432"},
			{Name: "metrics", Adapter: &metrics.Exporter{Container: "web"}, Listen: "0.0.0.0:9102"},
			{Name: "web", Command: []string{"nginx", "-g", "daemon off;"}},
		},
	}
	err := p.Run(ctx)
	return err
}

func TestReadme(t *testing.T) {
	_, _, _, _ = readmeSidecar, readmeAmbassador, readmeAdapter, readmePod
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	code, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, snippets, 4)
	for _, snippet := range snippets {
		indented := "\t" + strings.ReplaceAll(strings.TrimSpace(snippet[1]), "\n", "\n\t")
		require.Contains(t, string(code), indented)
	}
}
