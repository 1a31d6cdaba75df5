package pod_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestK26_HTTPGet(t *testing.T) {
	podtest.NoLeaks(t)
	var seen *http.Request
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	mux := http.NewServeMux()
	for _, status := range []int{199, 200, 204, 304, 399, 400, 500} {
		mux.HandleFunc(fmt.Sprintf("/%d", status), func(w http.ResponseWriter, r *http.Request) {
			seen = r
			w.WriteHeader(max(status, 200))
			fmt.Fprint(w, "because")
		})
	}
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/500", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()
	address := server.Listener.Addr().String()
	for path, says := range map[string]string{
		"/200": "", "/204": "", "/304": "", "/399": "", "/400": "HTTP status 400: because", "/500": "HTTP status 500",
		"/here": "HTTP status 500", "/elsewhere": "", "/round": "", "/404?x=y": "HTTP status 404",
	} {
		err := pod.HTTPGet{Address: address, Path: path}.Handle(t.Context())
		if says == "" {
			require.NoError(t, err, path)
		} else {
			require.ErrorContains(t, err, says, path)
		}
	}
	require.NoError(t, pod.HTTPGet{Address: address, Path: "/200?a=b", Header: http.Header{"Host": {"web"}, "X-Probe": {"yes"}}}.Handle(t.Context()))
	require.Equal(t, "web", seen.Host)
	require.Equal(t, "yes", seen.Header.Get("X-Probe"))
	require.Equal(t, "podpatterns-probe", seen.UserAgent())
	require.Equal(t, "a=b", seen.URL.RawQuery)

	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer secure.Close()
	require.NoError(t, pod.HTTPGet{Address: secure.Listener.Addr().String(), TLS: true}.Handle(t.Context()), "not verified")
	require.ErrorContains(t, pod.HTTPGet{}.Handle(t.Context()), "Address: empty")
}

func TestK26_TCPSocket(t *testing.T) {
	podtest.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, pod.TCPSocket{Address: l.Addr().String()}.Handle(t.Context()))
	l.Close()
	require.ErrorContains(t, pod.TCPSocket{Address: l.Addr().String()}.Handle(t.Context()), "refused")
}

func TestK26_Exec(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	podtest.NoLeaks(t)
	require.NoError(t, pod.Exec{Command: []string{"sh", "-c", "true"}}.Handle(t.Context()))
	err := pod.Exec{Command: []string{"sh", "-c", "echo not; echo well >&2; exit 3"}}.Handle(t.Context())
	require.ErrorContains(t, err, "exit status 3: not well")
	require.ErrorContains(t, pod.Exec{Command: []string{"no-such-program"}}.Handle(t.Context()), "no-such-program")
	require.ErrorContains(t, pod.Exec{}.Handle(t.Context()), "names no program")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Error(t, pod.Exec{Command: []string{"sh", "-c", "sleep 60 & sleep 60"}}.Handle(ctx))
	require.Less(t, time.Since(began), 10*time.Second, "killed with its group at the time-out")
}

// health serves grpc.health.v1.Health as much as a test needs of it.
func health(message []byte, status string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		if r.URL.Path != "/grpc.health.v1.Health/Check" || r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
			status = "12"
		}
		w.Write(message)
		w.Header().Set("Grpc-Status", status)
	})
}

func TestK26_GRPC(t *testing.T) {
	podtest.NoLeaks(t)
	for _, test := range []struct {
		message []byte
		status  string
		says    string
	}{
		{[]byte{0, 0, 0, 0, 2, 8, 1}, "0", ""},
		{[]byte{0, 0, 0, 0, 2, 8, 2}, "0", "NOT_SERVING"},
		{[]byte{0, 0, 0, 0, 2, 8, 3}, "0", "SERVICE_UNKNOWN"},
		{[]byte{0, 0, 0, 0, 0}, "0", "UNKNOWN"},
		{nil, "5", "gRPC status 5"},
		{nil, "0", "no HealthCheckResponse"},
		{[]byte{0, 0, 0, 0, 9, 8, 1}, "0", "no HealthCheckResponse"},
	} {
		server := httptest.NewUnstartedServer(health(test.message, test.status))
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		err := pod.GRPC{Address: server.Listener.Addr().String(), Service: "db"}.Handle(t.Context())
		if test.says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, test.says)
		}
		server.Close()
	}
}

// An empty Address is the container's own, on whatever network and kind of
// listener; a probe of it fails while no lease is out.
func TestK26_ProbesFindTheirContainer(t *testing.T) {
	podtest.NoLeaks(t)
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0", "unix:web.sock"} {
		for name, h := range map[string]pod.Handler{"HTTPGet": pod.HTTPGet{}, "TCPSocket": pod.TCPSocket{}} {
			close1 := make(chan struct{})
			closed := make(chan struct{})
			p := &pod.Pod{Containers: []pod.Container{{
				Name: "web", Listen: listen, Readiness: &pod.Probe{Handler: h, Period: 5 * time.Millisecond, FailureThreshold: 1},
				Run: func(ctx context.Context, env pod.Env) error {
					serving, stop := context.WithCancel(ctx)
					defer stop()
					go func() {
						select {
						case <-close1:
							stop()
						case <-serving.Done():
						}
					}()
					err := sandbox.ServeHTTP(serving, env.Listener, &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
					close(closed)
					<-ctx.Done()
					return err
				},
			}}}
			b := start(t, p)
			eventually(t, func() bool { return b.status("web").Ready }, name+" "+listen+" ready")
			close(close1)
			<-closed
			eventually(t, func() bool {
				s := b.status("web") // a question may still be under way, and the next one due
				return !s.Ready && strings.Contains(s.Probes[0].LastError, "does not accept connections")
			}, name+" "+listen+" not ready")
			require.NoError(t, b.stop())
		}
	}
}
