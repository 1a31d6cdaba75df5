package prometheus

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// served returns the URL of a page of which each request is answered by f, on the
// bare connection.
func served(t *testing.T, f func(w *bufio.Writer)) string {
	t.Helper()
	podtest.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil && req.URL.Path == "/metrics" {
				w := bufio.NewWriter(c)
				f(w)
				w.Flush()
			}
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String() + "/metrics"
}

// answered is an answer with a length.
func answered(body string, length int) func(w *bufio.Writer) {
	return func(w *bufio.Writer) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, body)
	}
}

func endless(piece string, count int) func(w *bufio.Writer) {
	return func(w *bufio.Writer) {
		io.WriteString(w, "HTTP/1.1 200 OK\r\n\r\n")
		for i := range count {
			if _, err := io.WriteString(w, strings.ReplaceAll(piece, "%", fmt.Sprint(i))); err != nil {
				return
			}
		}
	}
}

func TestBadInputIsUpZeroAndTheRestIsThere(t *testing.T) {
	good := served(t, answered("good 1\n", 7))
	cases := []struct {
		name, want string
		answer     func(w *bufio.Writer)
	}{
		{"a body of 100 MB", "more than 67108864 bytes", endless("# "+strings.Repeat("x", 1000)+"\n", 100<<10)},
		{"a line of 64 MB", "is longer than 1048576 bytes", endless(strings.Repeat("x", 1000), 64<<10)},
		{"ten million series", "more than 20000 points", endless("a{i=\"%\"} 1\n", 10_000_000)},
		{"binary", "line 1: ", answered("\x1f\x8b\x00\x01\xff\xfe\n", 7)},
		{"cut off", "cut off: unexpected EOF", answered("a 1\nb 2\n", 100)},
		{"cut in a line", "cut off", func(w *bufio.Writer) { io.WriteString(w, "HTTP/1.0 200 OK\r\n\r\na 1\nb") }},
		{"without EOF", "no # EOF", func(w *bufio.Writer) {
			io.WriteString(w, "HTTP/1.0 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\n\r\na 1\n")
		}},
		{"a page", "text/html", func(w *bufio.Writer) { io.WriteString(w, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>\n") }},
		{"an error", "500", func(w *bufio.Writer) { io.WriteString(w, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") }},
		{"hangs", "", func(w *bufio.Writer) { w.Flush(); time.Sleep(2 * time.Second) }},
	}
	e := &metrics.Exporter{Timeout: time.Second, MaxPoints: 20_000, Sources: []metrics.Source{metrics.Named{Name: "good", Source: &HTTP{URL: good}}}}
	for _, c := range cases[:2] {
		e.Sources = append(e.Sources, metrics.Named{Name: c.name, Source: &HTTP{URL: served(t, c.answer)}})
	}
	e.Timeout = 20 * time.Second
	collect := func() *metrics.Batch {
		b := new(metrics.Batch)
		ctx := (&sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}).Context(context.Background())
		require.NoError(t, e.Collect(ctx, b))
		require.Contains(t, written(t, metrics.Text, b), "\ngood 1\n")
		for i, s := range e.Stats().Sources {
			require.Equal(t, i == 0, s.Up, s.Name)
			for _, c := range cases {
				if c.name == s.Name {
					require.Contains(t, s.LastError, c.want, c.name)
				}
			}
		}
		return b
	}
	var before, behind runtime.MemStats
	runtime.ReadMemStats(&before)
	collect()
	runtime.ReadMemStats(&behind)
	require.Less(t, behind.TotalAlloc-before.TotalAlloc, uint64(300<<20)) // the servers' own included
	for _, c := range cases[2:] {
		e = &metrics.Exporter{Timeout: time.Second, MaxPoints: 20_000, Sources: []metrics.Source{
			metrics.Named{Name: "good", Source: &HTTP{URL: good}}, metrics.Named{Name: c.name, Source: &HTTP{URL: served(t, c.answer)}},
		}}
		collect()
	}
}

func TestHTTP(t *testing.T) {
	podtest.NoLeaks(t)
	var asked http.Header
	open := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked = req.Header
		if open {
			w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
			io.WriteString(w, "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n# EOF\n")
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		io.WriteString(w, "# TYPE a_seconds_total counter\na_seconds_total{instance=\"own\"} 1\na_seconds_total 2\n")
	}))
	defer s.Close()
	h := &HTTP{URL: s.URL + "/metrics", Labels: metrics.NewLabels("instance", "x", "job", "y")}
	require.Equal(t, "prometheus/"+strings.TrimPrefix(s.URL, "http://"), h.String())
	require.NoError(t, h.Validate())
	for range 2 {
		var b metrics.Batch
		open = false
		require.NoError(t, h.Collect(context.Background(), &b))
		require.Equal(t, "# TYPE a_seconds_total counter\na_seconds_total{instance=\"own\",job=\"y\"} 1\na_seconds_total{instance=\"x\",job=\"y\"} 2\n", written(t, metrics.Text, &b))
		require.Contains(t, asked.Get("Accept"), "application/openmetrics-text;version=1.0.0")
		b.Reset()
		open = true
		require.NoError(t, h.Collect(context.Background(), &b))
		require.Equal(t, "# TYPE a_seconds_total counter\na_seconds_total{instance=\"x\",job=\"y\"} 1\n", written(t, metrics.Text, &b))
	}
	h.client.Close()
	for want, bad := range map[string]*HTTP{
		"URL":                      {},
		"MaxBytes: -1 is negative": {URL: "http://a:1/", MaxBytes: -1},
		"neither http":             {URL: "ftp://a:1/"},
	} {
		require.ErrorContains(t, bad.Validate(), want)
		require.Error(t, bad.Collect(context.Background(), new(metrics.Batch)))
		require.True(t, strings.HasPrefix(bad.String(), "prometheus"))
	}
	require.Equal(t, "prometheus/a:1", (&HTTP{URL: "http://user:secret@a:1/metrics"}).String())
	require.Equal(t, "prometheus/run/app.sock:/m", (&HTTP{URL: "unix:/run/app.sock:/m"}).String())
}
