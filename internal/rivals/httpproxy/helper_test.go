package httpproxy_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const patience = 20 * time.Second // for what is bound to happen

// serve has p serve at an address of its own until the test is over.
func serve(t *testing.T, p *httpproxy.Proxy) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	quiet := &sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler), Grace: 5 * time.Second}
	ctx, stop := context.WithCancel(quiet.Context(context.Background()))
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return l.Addr().String()
}

// before has a proxy serve before a handler of net/http.
func before(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return serve(t, &httpproxy.Proxy{Upstream: httpproxy.To(s.Listener.Addr().String()), Retry: &httpproxy.Retry{}})
}

// program skips a test without a program that CI installs.
func program(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
