package web_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		listen, local, host string
		code                int
	}{
		{"127.0.0.1", "127.0.0.1", "127.0.0.1:9100", 200},
		{"127.0.0.1", "127.0.0.1", "127.0.0.1", 200},
		{"127.0.0.1", "127.0.0.1", "localhost:9100", 200},
		{"127.0.0.1", "127.0.0.1", "LOCALHOST", 200},
		{"127.0.0.1", "127.0.0.1", "127.0.0.53:9100", 200},
		{"127.0.0.1", "127.0.0.1", "[::1]:9100", 200},
		{"127.0.0.1", "127.0.0.1", "[::1]", 200},
		{"127.0.0.1", "127.0.0.1", "[::ffff:127.0.0.1]:9100", 200},
		{"Status.lan", "10.1.2.3", "status.lan:9100", 200},
		{"Status.lan", "10.1.2.3", "status.LAN", 200},
		{"0.0.0.0", "10.1.2.3", "10.1.2.3:9100", 200},
		{"::", "10.1.2.3", "10.1.2.3:9100", 200},

		{"127.0.0.1", "127.0.0.1", "evil.example:9100", 421},
		{"127.0.0.1", "127.0.0.1", "localhost.evil.example", 421},
		{"127.0.0.1", "127.0.0.1", "evil.localhost", 421},
		{"127.0.0.1", "127.0.0.1", "127.0.0.1.evil.example", 421},
		{"127.0.0.1", "127.0.0.1", "127.1", 421},
		{"127.0.0.1", "127.0.0.1", "2130706433", 421},
		{"0.0.0.0", "10.1.2.3", "10.1.2.4:9100", 421},
		{"0.0.0.0", "10.1.2.3", "status.lan", 421},
		{"127.0.0.1", "127.0.0.1", "a:b:c", 421},
		{"127.0.0.1", "127.0.0.1", "[", 421},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		local := &net.TCPAddr{IP: net.ParseIP(test.local), Port: 9100}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		w := httptest.NewRecorder()
		web.OnlyHosts(ok, test.listen).ServeHTTP(w, r)
		require.Equal(t, test.code, w.Code, "%q at %s", test.host, test.listen)
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	for method, code := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 405, "CONNECT": 405, "get": 405} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = method
		w := httptest.NewRecorder()
		web.Harden(ok).ServeHTTP(w, r)
		require.Equal(t, code, w.Code, method)
		if code == 405 {
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
		require.Equal(t, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	}
}
