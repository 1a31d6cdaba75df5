package upstream

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

// ask checks once a real server.
func askOnce(t *testing.T, address string, checker Checker, config *TLS) error {
	t.Helper()
	c := &Cluster{Endpoints: To(address), TLS: config, Check: &Check{Checker: checker, Timeout: 10 * time.Second}}
	require.NoError(t, c.begin())
	return c.ask(t.Context(), c.members[address])
}

func TestHTTPCheck(t *testing.T) {
	podtest.NoLeaks(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "named":
			w.WriteHeader(204)
		case r.URL.String() == "/healthz?deep=1":
			w.WriteHeader(302)
		case r.URL.Path == "/proto" && r.ProtoMajor == 2:
		default:
			w.WriteHeader(503)
		}
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	encrypted := httptest.NewUnstartedServer(handler)
	encrypted.EnableHTTP2 = true
	encrypted.StartTLS()
	defer encrypted.Close()
	pool := encrypted.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	over := func(protos ...string) *TLS {
		return &TLS{ServerName: "example.com", Config: &tls.Config{RootCAs: pool, NextProtos: protos}}
	}
	address, secret := plain.Listener.Addr().String(), encrypted.Listener.Addr().String()
	require.NoError(t, askOnce(t, address, HTTP{Path: "/healthz?deep=1"}, nil))
	require.NoError(t, askOnce(t, address, HTTP{Host: "named"}, nil))
	require.EqualError(t, askOnce(t, address, HTTP{}, nil), "HTTP status 503")
	require.NoError(t, askOnce(t, secret, HTTP{Path: "/healthz?deep=1"}, over()))
	require.EqualError(t, askOnce(t, secret, HTTP{Path: "/proto"}, over()), "HTTP status 503")
	require.NoError(t, askOnce(t, secret, HTTP{Path: "/proto"}, over("h2")))
	require.ErrorContains(t, askOnce(t, address, TCP{}, over()), "TLS: ")
	require.NoError(t, askOnce(t, secret, TCP{}, over()))
	require.ErrorContains(t, askOnce(t, secret, TCP{}, &TLS{}), "unknown authority")
}

func TestGRPCCheck(t *testing.T) {
	podtest.NoLeaks(t)
	var answer atomic.Pointer[[]byte]
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := "0"
		if r.URL.Path != "/grpc.health.v1.Health/Check" || r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
			status = "12"
		}
		w.Header().Set("Trailer", "Grpc-Status")
		w.Write(*answer.Load())
		w.Header().Set("Grpc-Status", status)
	})
	plain := httptest.NewUnstartedServer(handler)
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	encrypted := httptest.NewUnstartedServer(handler)
	encrypted.EnableHTTP2 = true
	encrypted.StartTLS()
	defer encrypted.Close()
	pool := encrypted.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	over := &TLS{ServerName: "example.com", Config: &tls.Config{RootCAs: pool, NextProtos: []string{"h2"}}}
	answer.Store(&[]byte{0, 0, 0, 0, 2, 8, 1})
	require.NoError(t, askOnce(t, plain.Listener.Addr().String(), GRPC{Service: "db"}, nil))
	require.NoError(t, askOnce(t, encrypted.Listener.Addr().String(), GRPC{}, over))
	answer.Store(&[]byte{0, 0, 0, 0, 2, 8, 2})
	require.EqualError(t, askOnce(t, plain.Listener.Addr().String(), GRPC{}, nil), "health status NOT_SERVING")
}

// redis answers each line of a session that begins with one of the words.
func redis(t *testing.T, answers map[string]string) string {
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
				for in := bufio.NewScanner(c); in.Scan(); {
					io.WriteString(c, answers[strings.TrimSpace(in.Text())])
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestRedisCheck(t *testing.T) {
	podtest.NoLeaks(t)
	ready := redis(t, map[string]string{"PING": "+PONG\r\n", "secret": "+OK\r\n"})
	require.NoError(t, askOnce(t, ready, Redis{}, nil))
	require.NoError(t, askOnce(t, ready, Redis{Password: "secret"}, nil))
	require.NoError(t, askOnce(t, ready, Redis{Username: "me", Password: "secret"}, nil))
	loading := redis(t, map[string]string{"PING": "-LOADING Redis is loading the dataset in memory\r\n"})
	require.EqualError(t, askOnce(t, loading, Redis{}, nil), `the answer is "-LOADING Redis is loading the dataset in memory" and not "+PONG"`)
	denied := redis(t, map[string]string{"secret": "-WRONGPASS\r\n", "PING": "-NOAUTH\r\n"})
	require.ErrorContains(t, askOnce(t, denied, Redis{Password: "secret"}, nil), "WRONGPASS")
	other := redis(t, map[string]string{"PING": strings.Repeat("x", 4096)})
	require.ErrorContains(t, askOnce(t, other, Redis{}, nil), "no line of Redis")
}
