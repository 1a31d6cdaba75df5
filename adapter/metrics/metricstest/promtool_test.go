package metricstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/expvar"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
	"github.com/podpatterns/podpatterns/adapter/metrics/nginx"
	"github.com/podpatterns/podpatterns/adapter/metrics/redis"
)

// builtin are the sources whose names are the project's own.
func builtin(t *testing.T) []metrics.Source {
	serve := func(text string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
		t.Cleanup(s.Close)
		return s.URL + "/"
	}
	info, err := os.ReadFile("../redis/testdata/7.0.info")
	require.NoError(t, err)
	all := []metrics.Source{
		&nginx.Source{URL: serve("Active connections: 2 \nserver accepts handled requests\n 7 7 9 \nReading: 0 Writing: 1 Waiting: 1 \n")},
		&expvar.Source{URL: serve(`{"hits": {"a": 1}, "memstats": {"Alloc": 1, "TotalAlloc": 2, "LastGC": 3, "NumGC": 4, "PauseTotalNs": 5, "GCCPUFraction": 0.5}}`)},
		&redis.Source{Address: redisOf(t, string(info))},
		&metrics.Runtime{},
	}
	if runtime.GOOS == "linux" {
		all = append(all, &metrics.Process{}, &metrics.Cgroup{})
	}
	return all
}

// redisOf answers whatever is asked with text.
func redisOf(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for buf := make([]byte, 1000); ; {
					if _, err := c.Read(buf); err != nil {
						return
					}
					fmt.Fprintf(c, "$%d\r\n%s\r\n", len(text), text)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestBuiltinSourcesAreClean(t *testing.T) {
	for _, s := range builtin(t) {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			if err := s.Collect(t.Context(), new(metrics.Batch)); err != nil {
				t.Skip(err)
			}
			metricstest.Lint(t, s)
		})
	}
}

// All of them together, as an exporter writes them.
func TestPromtoolFindsNothing(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var b metrics.Batch
	exporter := &metrics.Exporter{Sources: builtin(t)}
	require.NoError(t, exporter.Collect(context.Background(), &b))
	var text strings.Builder
	require.NoError(t, metrics.Text.Write(&text, &b))
	require.Contains(t, text.String(), `up{source="redis"} 1`)
	cmd := exec.Command(path, "check", "metrics")
	cmd.Stdin = strings.NewReader(text.String())
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(line, " "); !ofConventions(name) || !strings.Contains(line, `"_count" suffix`) {
			t.Error(line)
		}
	}
}

// ofConventions tells a name that the semantic conventions have given, as
// process.thread.count. That some end with count, promtool does not like.
func ofConventions(name string) bool {
	for d := range metrics.AllWellKnown() {
		if strings.HasSuffix(d.Name, ".count") && metrics.MetricName(d.Name) == name {
			return true
		}
	}
	return false
}
