package nginx

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const page = "Active connections: 291 \nserver accepts handled requests\n 16630948 16630947 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n"

func TestParse(t *testing.T) {
	want := status{active: 291, accepts: 16630948, handled: 16630947, requests: 31070465, reading: 6, writing: 179, waiting: 106}
	for _, text := range []string{
		page,
		strings.ReplaceAll(page, "\n", "\r\n"),
		strings.NewReplacer("requests", "requests request_time", "465", "465 1140").Replace(page), // Tengine
		strings.NewReplacer("accepts handled", "handled accepts", "16630948 16630947", "16630947 16630948").Replace(page),
	} {
		got, err := parse([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{
		"", "<html>It works!</html>", page[:len(page)/2], strings.Replace(page, "291", "x", 1), strings.Replace(page, "291", "-1", 1),
		strings.Replace(page, "16630948", "", 1), strings.Replace(page, "179", "99999999999999999999", 1), "server a b\n", "\x00\xff: 1\n",
	} {
		_, err := parse([]byte(bad))
		require.ErrorIs(t, err, errNotStatus, bad)
	}
}

func TestCollect(t *testing.T) {
	text, code := page, 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	s := &Source{URL: server.URL + "/stub_status"}
	metricstest.Lint(t, s)
	metricstest.Golden(t, s, "testdata/nginx.golden")
	var b metrics.Batch
	collect := func() error {
		b.Reset()
		return s.Collect(t.Context(), &b)
	}
	require.NoError(t, collect())
	requests := func() *metrics.Point { return &b.Families()[6].Points[0] }
	require.Zero(t, requests().Start)
	text = strings.Replace(page, "31070465", "5", 1)
	require.NoError(t, collect())
	require.NotZero(t, requests().Start, "nginx was started again")
	text = strings.Repeat("x", maxBody+1)
	require.ErrorContains(t, collect(), "bytes")
	text = "hello"
	err := collect()
	require.ErrorIs(t, err, errNotStatus)
	require.ErrorContains(t, err, server.URL)
	code = 404
	require.ErrorContains(t, collect(), "the answer is 404 Not Found")
	require.Empty(t, b.Families())
	s.mu.Lock()
	require.ErrorIs(t, collect(), errBusy)
}

func TestValidate(t *testing.T) {
	require.NoError(t, (&Source{URL: "unix:s:/status"}).Validate())
	require.ErrorContains(t, (&Source{}).Validate(), "URL: ")
	require.ErrorContains(t, (&Source{URL: "https://x/"}).Collect(t.Context(), new(metrics.Batch)), "nginx: URL: ")
	require.Equal(t, "nginx", (&Source{}).String())
}

const config = `daemon off; error_log stderr; pid nginx.pid; worker_processes 1;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
	server { listen unix:s; location = /status { stub_status; } }
}
`

func TestRealNginx(t *testing.T) {
	path, err := exec.LookPath("nginx")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("", "nginx")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	text := strings.Replace(config, "unix:s;", "unix:"+dir+"/s;", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o600))
	cmd := exec.Command(path, "-p", dir, "-e", "stderr", "-c", "nginx.conf")
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Signal(os.Interrupt)
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)

	ctx := (&sandbox.Sandbox{Root: root}).Context(context.Background())
	s := &Source{URL: "unix:s:/status"}
	for range 3 {
		require.NoError(t, s.Collect(ctx, new(metrics.Batch)))
	}
	require.EqualValues(t, 3, s.before.requests)
	require.EqualValues(t, 1, s.before.writing)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte("server accepts handled requests request_time\n 1 2 3 4\nActive connections: 1\nReading: 1 Writing: 2 Waiting: 3"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parse(text)
		if err == nil && min(s.active, s.accepts, s.handled, s.requests, s.reading, s.writing, s.waiting) < 0 {
			t.Fatalf("%+v", s)
		}
	})
}
