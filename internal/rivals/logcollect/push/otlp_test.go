package push_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
	"github.com/podpatterns/podpatterns/sidecar/logcollect/push"
)

// receive starts the OpenTelemetry Collector's receiver with next behind it, and
// returns a context in which everything dialled is it.
func receive(t *testing.T, next consumer.Logs) context.Context {
	socket := filepath.Join(t.TempDir(), "s")
	factory := otlpreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	http := cfg.HTTP.GetOrInsertDefault()
	http.ServerConfig.NetAddr = confignet.AddrConfig{Endpoint: socket, Transport: confignet.TransportTypeUnix}
	r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return (&sandbox.Sandbox{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}).Context(t.Context())
}

// collect delivers a folder of logs through a Collector.
func collect(t *testing.T, ctx context.Context, sink logcollect.Sink, logs map[string]string) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	for name, text := range logs {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	ctx, stop := context.WithCancel(ctx)
	stop() // it drains then
	require.NoError(t, (&logcollect.Collector{Include: []string{"**/*.log"}, Sink: sink}).Run(ctx, root))
}

// awkward is lines that an encoder may stumble over.
func awkward() (all []string) {
	for i := range 3000 {
		all = append(all, fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%300)))
	}
	return append(all, "", " ", "caf\xe9", "\x00\x01\x7f\"\\\t", "☕ é \u2028", "\xff\xfe", strings.Repeat("long ", 100_000), "{\"json\": true}")
}

func TestOTLPReceiver(t *testing.T) {
	for _, by := range []push.Compression{"", push.Zstd, push.None} {
		t.Run(string(by), func(t *testing.T) {
			got := &consumertest.LogsSink{}
			ctx := receive(t, got)
			lines := awkward()
			before := time.Now()
			sink := &push.Sink{
				URL:             "http://otel:4318/v1/logs",
				Compression:     by,
				MaxRequestBytes: 100_000,
				Format: push.OTLP{
					Resource:     map[string]string{"service.name": "shop"},
					AttributesOf: func(path string) map[string]string { return map[string]string{"of": path} },
				},
				Time: func(_ string, line []byte) (time.Time, bool) { return time.Unix(1772366400, 7), len(line) == 1 },
			}
			collect(t, ctx, sink, map[string]string{"logs/a.log": strings.Join(lines, "\n") + "\r\n"})

			require.Greater(t, len(got.AllLogs()), 5)
			var last time.Time
			var texts []string
			for _, request := range got.AllLogs() {
				require.Equal(t, 1, request.ResourceLogs().Len())
				of := request.ResourceLogs().At(0)
				require.Equal(t, map[string]any{"service.name": "shop"}, of.Resource().Attributes().AsRaw())
				require.Equal(t, 1, of.ScopeLogs().Len())
				require.Equal(t, "github.com/podpatterns/podpatterns/sidecar/logcollect", of.ScopeLogs().At(0).Scope().Name())
				for _, r := range of.ScopeLogs().At(0).LogRecords().All() {
					require.Equal(t, map[string]any{"log.file.path": "logs/a.log", "log.file.name": "a.log", "of": "logs/a.log"}, r.Attributes().AsRaw())
					switch body := r.Body().AsRaw().(type) {
					case string:
						texts = append(texts, body)
					case []byte:
						texts = append(texts, string(body))
						require.Contains(t, []string{"caf\xe9", "\xff\xfe"}, string(body), "what is text is a string")
					}
					require.True(t, r.ObservedTimestamp().AsTime().After(last))
					last = r.ObservedTimestamp().AsTime()
					if texts[len(texts)-1] == " " {
						require.Equal(t, time.Unix(1772366400, 7).UTC(), r.Timestamp().AsTime())
					} else {
						require.Zero(t, r.Timestamp())
					}
				}
			}
			require.Equal(t, lines, texts)
			require.WithinRange(t, last, before, time.Now().Add(time.Second))
			require.EqualValues(t, len(lines), sink.Stats().Lines)
		})
	}
}

// A pipeline that is full for a while loses nothing.
func TestOTLPReceiverFull(t *testing.T) {
	got := &consumertest.LogsSink{}
	var full atomic.Int64
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if full.Add(1) <= 3 {
			return errors.New("the memory is full")
		}
		return got.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	ctx := receive(t, next)
	sink := &push.Sink{URL: "http://otel:4318/v1/logs", Format: push.OTLP{}}
	collect(t, ctx, sink, map[string]string{"a.log": "one\ntwo\n"})
	require.Equal(t, 2, got.LogRecordCount())
	require.EqualValues(t, 3, sink.Stats().Failures)

	full.Store(0)
	batch := logcollect.Batch{Lines: []byte("x\n"), Chunks: []logcollect.Chunk{{Path: "a", Lines: []byte("x\n"), Count: 1}}}
	require.ErrorContains(t, sink.Write(ctx, batch), `503 Service Unavailable: "the memory is full"`, "the reason is read from its google.rpc.Status")
	sink.URL = "http://otel:4318/v1/traces"
	require.ErrorContains(t, sink.Write(ctx, batch), "404 Not Found")
}
