package pod_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

func handled(p *pod.Pod, path string) (code int, body string) {
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func stuck(release <-chan struct{}) { <-release }

// A container that hangs shows where, while it is waited for, when it was given
// up, and after the pod's end.
func TestStacksOfAContainerThatHangs(t *testing.T) {
	p := &pod.Pod{TerminationGracePeriod: 5 * time.Second}
	hanging := func() {
		t.Helper()
		code, body := handled(p, "/stacks/main")
		require.Equal(t, 200, code)
		require.Contains(t, body, "pod_test.stuck")
	}
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p.Containers = []pod.Container{{Name: "main", Run: func(context.Context, pod.Env) error { stuck(release); return nil }}}
		b := start(t, p)
		synctest.Wait()
		hanging()
		b.cancel()
		synctest.Wait()
		hanging()
		require.Error(t, b.wait())
		hanging()
		close(release)
		synctest.Wait()
		_, body := handled(p, "/stacks/main")
		require.NotContains(t, body, "pod_test.stuck")
	})
}

func TestHandlerOfAPodThatHasNotRun(t *testing.T) {
	p := &pod.Pod{Containers: []pod.Container{{Name: "main", Run: mainUntil}}}
	for path, is := range map[string]struct {
		code int
		says string
	}{
		"/livez":       {503, "[-]supervisor failed: the pod does not run\n"},
		"/readyz":      {503, "[-]main failed: waiting: ContainerCreating\n"},
		"/status":      {200, "Pending"},
		"/metrics":     {200, `pod_phase{phase="Pending"} 1`},
		"/stacks/main": {200, `container "main" has not run yet`},
	} {
		code, body := handled(p, path)
		require.Equal(t, is.code, code, path)
		require.Contains(t, body, is.says, path)
	}
}

// What a container says does not make the events that are kept any larger.
func TestKeptEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "main", Run: mainUntil}, {Name: "slow", Sidecar: wordy{until}}}}
		b := start(t, p)
		synctest.Wait()
		require.NoError(t, b.stop())
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		cancel()
		p.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
		require.Contains(t, w.Body.String(), `"reason":"Unhealthy"`)
		require.Less(t, w.Body.Len(), 6000)
	})
}

// wordy says at length why it is not ready.
type wordy struct{ sidecar.Func }

func (wordy) Ready(context.Context) error { return errors.New(strings.Repeat("é", 1<<20)) }

// Mounted in a container of the pod itself, under a path and a name of its own.
func TestHandlerInASidecarsServer(t *testing.T) {
	podtest.NoLeaks(t)
	var network podtest.Network
	p := &pod.Pod{Network: &network}
	p.Containers = []pod.Container{
		{Name: "status", Listen: "127.0.0.1:80", Ambassador: ambassador.Func(func(ctx context.Context, l net.Listener) error {
			return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.StripPrefix("/pod", p.Handler())})
		})},
		{Name: "main", Run: asMain(func(ctx context.Context, _ *os.Root) error { return until(ctx, nil) })},
	}
	bubble(t, p, func(t *testing.T, b *running) {
		client := http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return network.DialContext(ctx, "tcp", "127.0.0.1:80")
			},
		}}
		synctest.Wait()
		answer, err := client.Get("http://status.example/pod/readyz")
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, 200, answer.StatusCode)
		stream, err := client.Get("http://status.example/pod/events")
		require.NoError(t, err)
		defer stream.Body.Close()
		began := time.Now()
		require.NoError(t, b.stop())
		require.Less(t, time.Since(began), time.Second, "the stream ends with its server, and not with the grace period")
	})
}

// Connections that say nothing take no others' place for long.
func TestConnectionsOfTheEndpointAreLimited(t *testing.T) {
	podtest.NoLeaks(t)
	var network podtest.Network
	p := &pod.Pod{StatusListen: "127.0.0.1:9100", Network: &network, Containers: []pod.Container{{Name: "main", Run: mainUntil}}}
	bubble(t, p, func(t *testing.T, b *running) {
		connect := func() net.Conn {
			c, err := network.DialContext(t.Context(), "tcp", "127.0.0.1:9100")
			require.NoError(t, err)
			t.Cleanup(func() { c.Close() })
			return c
		}
		closed := func(c net.Conn) bool {
			c.SetReadDeadline(time.Now().Add(time.Second))
			_, err := c.Read(make([]byte, 1))
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
		synctest.Wait()
		var all []net.Conn
		for range 128 {
			all = append(all, connect())
		}
		require.False(t, closed(all[127]))
		require.True(t, closed(connect()), "one too many")
		<-time.After(10 * time.Second)
		require.True(t, closed(all[0]), "it has said nothing")
		require.False(t, closed(connect()))
	})
}
