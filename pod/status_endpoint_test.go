//go:build unix

package pod_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/sidecar"
)

// ask sends a request as it is, and returns the answer.
func ask(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	require.NoError(t, err)
	if answer.Header.Get("Content-Type") == "text/event-stream" {
		return answer, ""
	}
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(body)
}

func request(line string, headers ...string) string {
	return line + " HTTP/1.1\r\nConnection: close\r\n" + strings.Join(append([]string{"Host: localhost"}, headers...), "\r\n") + "\r\n\r\n"
}

const secret = "hunter2-of-the-environment"

// All that the endpoint answers, of a pod with a container that is ready, one that
// is not, one that has completed and one that fails.
func TestStatusEndpoint(t *testing.T) {
	podtest.NoLeaks(t)
	t.Setenv("POD_TEST_SECRET", secret)
	p := &pod.Pod{Name: "web", StatusListen: "127.0.0.1:0", Containers: []pod.Container{
		{Name: "prepare", Init: true, Run: func(context.Context, pod.Env) error { return nil }},
		{Name: "helper", Sidecar: sidecar.Func(until)},
		{Name: "main", Run: mainUntil},
		{Name: "broken", Run: func(context.Context, pod.Env) error { return fmt.Errorf("no such table\nsecond line") }},
		{Name: "sleep", Command: []string{"sleep", "1000"}, Env: []string{"PASSWORD=" + secret}},
	}}
	b := start(t, p)
	defer b.stop()
	eventually(t, func() bool { return b.status("broken").State.Waiting != nil && b.status("broken").RestartCount > 0 }, "back-off")
	eventually(t, func() bool { return b.status("sleep").Ready }, "sleep")
	address := p.Status().StatusAddress
	require.Regexp(t, `^127\.0\.0\.1:[1-9]\d*$`, address)

	const text, plain = "text/plain; charset=utf-8", "text/plain; charset=utf-8"
	broken := "[-]broken failed: waiting: CrashLoopBackOff: back-off 10s restarting failed container=broken pod=web\n"
	for _, test := range []struct {
		request, kind string
		code          int
		says          []string
	}{
		{request("GET /"), "text/html; charset=utf-8", 200, []string{"<!doctype html>"}},
		{request("GET /livez"), text, 200, []string{"=ok\n"}},
		{request("GET /livez?verbose"), text, 200, []string{"=[+]supervisor ok\n[+]prepare ok\n[+]helper ok\n[+]main ok\n[+]broken ok\n[+]sleep ok\nlivez check passed\n"}},
		{request("GET /readyz"), text, 503, []string{"=[+]prepare ok\n[+]helper ok\n[+]main ok\n" + broken + "[+]sleep ok\nreadyz check failed\n"}},
		{request("GET /readyz/main"), text, 200, []string{"=ok\n"}},
		{request("GET /readyz/main?verbose"), text, 200, []string{"=[+]main ok\nreadyz check passed\n"}},
		{request("GET /readyz/prepare"), text, 200, nil},
		{request("GET /readyz/broken"), text, 503, []string{"=" + broken + "readyz check failed\n"}},
		{request("GET /readyz/other"), text, 404, nil},
		{request("GET /readyz/"), text, 404, nil},
		{request("GET /status"), plain, 200, []string{"Name:               web\n", "Status Address:     127.0.0.1:", "no such table"}},
		{request("GET /status", "Accept: */*"), plain, 200, nil},
		{request("GET /status", "Accept: text/html"), plain, 200, nil},
		{request("GET /status", "Accept: application/json"), "application/json", 200, []string{`"phase": "Running"`}},
		{request("GET /status", "Accept: application/json, text/plain, */*"), "application/json", 200, nil},
		{request("GET /status", "Accept: text/plain, application/json;q=0.5"), plain, 200, nil},
		{request("GET /status", "Accept: text/plain;q=0.2", "Accept: application/json;q=0.3"), "application/json", 200, nil},
		{request("GET /status", "Accept: application/json;q=0"), plain, 200, nil},
		{request("GET /status", "Accept: ;;,application/json;q=x"), plain, 200, nil},
		{request("GET /events"), "text/event-stream", 200, nil},
		{request("GET /metrics"), "text/plain; version=0.0.4; charset=utf-8", 200, []string{`pod_container_state{container="main",state="running"} 1`}},
		{request("GET /stacks/main"), text, 200, []string{"1 goroutine:\n", "pod_test.until"}},
		{request("GET /stacks/prepare"), text, 200, []string{"none carries"}},
		{request("GET /stacks/other"), text, 404, nil},
		{request("GET /stacks/"), text, 404, nil},

		{request("HEAD /"), "text/html; charset=utf-8", 200, []string{"="}},
		{request("HEAD /events"), "text/event-stream", 200, nil},
		{request("HEAD /readyz"), text, 503, []string{"="}},
		{request("POST /", "Content-Length: 0"), text, 405, []string{"only GET and HEAD"}},
		{request("DELETE /nothing"), text, 405, nil},
		{request("OPTIONS *"), text, 405, nil},
		{request("GET /nothing"), text, 404, nil},
		{request("GET /status/"), text, 404, nil},
		{request("GET //status"), text, 404, nil},
		{request("GET /./status"), text, 404, nil},
		{request("GET /stacks/../status"), text, 404, nil},
		{request("GET /stacks/%2e%2e"), text, 404, nil},
		{request("GET /status?x=%zz"), plain, 200, nil},
		{"GET /status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", text, 421, []string{"not the server of that host"}},
		{"GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", text, 421, nil},
		{"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", text, 405, nil},
		{"GET /status HTTP/1.0\r\n\r\n", text, 421, nil},
		{"GET /status HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n", plain, 200, nil},
	} {
		answer, body := ask(t, address, test.request)
		require.Equal(t, test.code, answer.StatusCode, test.request)
		require.Equal(t, test.kind, answer.Header.Get("Content-Type"), test.request)
		for _, says := range test.says {
			if whole, ok := strings.CutPrefix(says, "="); ok {
				require.Equal(t, whole, body, test.request)
			} else {
				require.Contains(t, body, says, test.request)
			}
		}
		require.NotContains(t, body, secret, test.request)
		require.NotContains(t, body, "PASSWORD", test.request)
		h := answer.Header
		require.Regexp(t, `^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`, h.Get("Content-Security-Policy"), test.request)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), test.request)
		require.Equal(t, "DENY", h.Get("X-Frame-Options"), test.request)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), test.request)
		require.Equal(t, "no-store", h.Get("Cache-Control"), test.request)
		require.Empty(t, h.Get("Access-Control-Allow-Origin"), test.request)
		require.Equal(t, map[bool]string{true: "GET, HEAD"}[test.code == 405], h.Get("Allow"), test.request)
	}

	_, body := ask(t, address, request("GET /status", "Accept: application/json"))
	var status pod.Status
	require.NoError(t, json.Unmarshal([]byte(body), &status))
	require.Len(t, status.Containers, 5)
	require.Equal(t, address, status.StatusAddress)
	b.stop()
	_, err := net.Dial("tcp", address)
	require.Error(t, err, "nothing listens there any more")
}

// A stream that is open does not hold the pod's end up, and has its last events.
func TestStatusEndpointEndsWithThePod(t *testing.T) {
	podtest.NoLeaks(t)
	var network podtest.Network
	p := &pod.Pod{StatusListen: "127.0.0.1:9100", Network: &network, Containers: []pod.Container{{Name: "main", Run: mainUntil}}}
	bubble(t, p, func(t *testing.T, b *running) {
		client := http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
		synctest.Wait()
		answer, err := client.Get("http://localhost:9100/events")
		require.NoError(t, err)
		defer answer.Body.Close()
		idle, err := network.DialContext(t.Context(), "tcp", "127.0.0.1:9100") // says nothing
		require.NoError(t, err)
		defer idle.Close()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, b.stop())
		require.LessOrEqual(t, time.Since(began), 250*time.Millisecond)
		events, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		for _, last := range []string{`"reason":"Started"`, `"reason":"Killing"`, `"reason":"Completed"`} {
			require.Contains(t, string(events), last)
		}
		_, err = network.DialContext(t.Context(), "tcp", "127.0.0.1:9100")
		require.Error(t, err)
	})
}

// It answers before anything has started, and while everything stops.
func TestStatusEndpointIsThereForThePodsWholeLife(t *testing.T) {
	podtest.NoLeaks(t)
	var network podtest.Network
	client := http.Client{Transport: &http.Transport{DialContext: network.DialContext, DisableKeepAlives: true}}
	ready := func() int {
		answer, err := client.Get("http://localhost:9100/readyz")
		require.NoError(t, err)
		answer.Body.Close()
		return answer.StatusCode
	}
	var first, last int
	p := &pod.Pod{StatusListen: "127.0.0.1:9100", Network: &network, Containers: []pod.Container{
		{Name: "init", Init: true, Run: func(context.Context, pod.Env) error { first = ready(); return nil }},
		{Name: "main", Run: func(ctx context.Context, _ pod.Env) error { <-ctx.Done(); last = ready(); return nil }},
	}}
	for range 2 { // and again in the next Run
		bubble(t, p, func(t *testing.T, b *running) {
			synctest.Wait()
			require.Equal(t, 200, ready())
			require.NoError(t, b.stop())
		})
		require.Equal(t, []int{503, 200}, []int{first, last})
	}
}

func TestStatusListenOnASocketFile(t *testing.T) {
	p := &pod.Pod{StatusListen: "unix:status.sock", Dir: t.TempDir(), Containers: []pod.Container{{Name: "main", Run: mainUntil}}}
	b := start(t, p)
	b.up("main")
	path, ok := strings.CutPrefix(p.Status().StatusAddress, "unix:")
	require.True(t, ok)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", path)
	}}}
	answer, err := client.Get("http://localhost/livez")
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, 200, answer.StatusCode)
	require.NoError(t, b.stop())
	require.NoFileExists(t, path)
}

// The processes of a pod share one loopback, so none of them takes the address.
func TestRunContainerLeavesStatusListenClosed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pod.Pod{Observer: func(pod.Event) {}, Dir: t.TempDir(), StatusListen: taken.Addr().String(), Containers: []pod.Container{
		{Name: "main", Run: func(context.Context, pod.Env) error { cancel(); return nil }},
	}}
	require.NoError(t, p.RunContainer(ctx, "main"))
	require.Empty(t, p.Status().StatusAddress)
}
