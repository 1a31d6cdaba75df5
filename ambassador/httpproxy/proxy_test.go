package httpproxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod/podtest"
)

func echo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Got", fmt.Sprintf("%s %s %s %d", r.Method, r.RequestURI, r.Host, r.ContentLength))
		w.Write(b)
	})
}

func TestContract(t *testing.T) {
	backend := httptest.NewServer(http.NotFoundHandler())
	defer backend.Close()
	podtest.TestAmbassador(t, func() ambassador.Ambassador {
		return &Proxy{Upstream: To(backend.Listener.Addr().String())}
	})
}

func TestRequestsOfAllKinds(t *testing.T) {
	r := newRig(t, &Proxy{}, echo())
	client := r.client()
	for _, size := range []int{0, 1, 100, 20_000, 3 << 20} {
		for _, known := range []bool{true, false} {
			body := bytes.Repeat([]byte("abcdefg\n"), size/8+1)[:size]
			var src io.Reader = bytes.NewReader(body)
			if !known {
				src = struct{ io.Reader }{src}
			}
			resp, err := client.Post(r.url("/a?b;c"), "text/plain", src)
			require.NoError(t, err)
			b, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			require.True(t, bytes.Equal(body, b), "%d bytes, %d came back", size, len(b))
			require.True(t, strings.HasPrefix(resp.Header.Get("X-Got"), "POST /a?b;c "+r.addr), resp.Header)
		}
	}
	require.EqualValues(t, 10, r.proxy.Stats().Answered)
	client.CloseIdleConnections()
	require.NoError(t, r.finish())
}
