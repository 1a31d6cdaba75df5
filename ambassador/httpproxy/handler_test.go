package httpproxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A server's handler that returns without a word has said 200. One whose request is
// ended by the server, and not by its client, must not.
func TestRequestThatTheServerEndsIsReset(t *testing.T) {
	for _, version := range []string{"1", "h2c"} {
		asked := make(chan struct{}, 1)
		backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-r.Context().Done()
		}))
		defer backend.Close()
		ctx, end := context.WithCancel(t.Context())
		front := httptest.NewUnstartedServer(&Proxy{Upstream: To(backend.Listener.Addr().String())})
		front.Config.BaseContext = func(net.Listener) context.Context { return ctx }
		front.Config.Protocols = protocols(version)
		front.Start()
		defer front.Close()
		go func() {
			<-asked
			end()
		}()
		transport := &http.Transport{Protocols: protocols(version)}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(front.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		require.Error(t, err, version)
	}
}
