package httpproxy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// named starts a server that says its name and what it got.
func named(t *testing.T, name string) *upstream.Cluster {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Server", "secret")
		fmt.Fprintf(w, "%s %s %s%s %s", name, r.Method, r.Host, r.RequestURI, body)
	}))
	t.Cleanup(s.Close)
	return To(s.Listener.Addr().String())
}

func get(t *testing.T, r *rig, host, target string, header ...string) (*http.Response, string) {
	t.Helper()
	lines := ""
	for i := 0; i < len(header); i += 2 {
		lines += header[i] + ": " + header[i+1] + "\r\n"
	}
	return r.ask(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, host, lines))
}

func TestRoutesLeadToTheirUpstreams(t *testing.T) {
	r := newRig(t, &Proxy{
		Upstream: named(t, "own"),
		Routes: []Route{
			{Name: "api", Host: "*.example", PathPrefix: "/api", Upstream: named(t, "api"), Rewrite: &Rewrite{
				Host: "inner", Prefix: "/v1", Answer: HeaderEdit{Remove: []string{"Server"}, Set: map[string]string{"X-By": "podpatterns"}},
			}},
			{Name: "split", Path: "/split", Split: &Split{
				By:     &Key{Cookie: "user"},
				Header: "X-Part",
				Parts:  []Part{{Name: "a", Weight: 1, Upstream: named(t, "part a")}, {Name: "b", Weight: 1, Upstream: named(t, "part b")}},
			}},
		},
	}, nil)
	_, body := get(t, r, "h", "/x?y")
	require.Equal(t, "own GET h/x?y ", body)
	res, body := get(t, r, "a.example:80", "/api/x?y;z")
	require.Equal(t, "api GET inner/v1/x?y;z ", body)
	require.Empty(t, res.Header.Get("Server"))
	require.Equal(t, "podpatterns", res.Header.Get("X-By"))
	_, body = get(t, r, "h", "/split", "X-Part", "b")
	require.Equal(t, "part b GET h/split ", body)
	_, first := get(t, r, "h", "/split", "Cookie", "x=y; user=123")
	for range 10 {
		_, body = get(t, r, "h", "/split", "Cookie", "user=123")
		require.Equal(t, first, body)
	}
	require.NoError(t, r.finish())
	s := r.proxy.Stats().Routes
	require.Len(t, s, 3)
	require.Equal(t, []string{"api", "split", ""}, []string{s[0].Name, s[1].Name, s[2].Name})
	require.EqualValues(t, 12, s[1].Requests)
	require.EqualValues(t, 12, s[1].Classes[1])
	require.EqualValues(t, 12, s[1].Parts[0].Requests+s[1].Parts[1].Requests)
	require.EqualValues(t, 12, s[1].Latency.Count)
	require.EqualValues(t, 1, s[0].Endpoints[0].Requests)
	require.Positive(t, s[0].Endpoints[0].Latency.Sum)
	require.Zero(t, s[1].Active)
}

func TestNoRouteIs404(t *testing.T) {
	p := &Proxy{Routes: []Route{{Path: "/a", Upstream: named(t, "a")}}, Upstream: nil}
	require.NoError(t, p.Validate())
	p.Upstream = named(t, "own")
	r := newRig(t, &Proxy{Routes: p.Routes, Upstream: p.Upstream}, nil)
	res, _ := get(t, r, "h", "/b")
	require.Equal(t, 200, res.StatusCode)
	x := asking("GET", "h", "/b")
	x.proxy = &Proxy{Routes: p.Routes}
	refusal := x.route()
	require.NotNil(t, refusal)
	require.Equal(t, 404, refusal.status)
	x.ended()
}

func TestWrongFieldsOfPolicies(t *testing.T) {
	to := To("127.0.0.1:1")
	for want, p := range map[string]*Proxy{
		"Upstream: nil": {},
		"Routes[0].Upstream: the Cluster is that of Upstream": {Upstream: to, Routes: []Route{{Upstream: to, HTTP2: true}}},
		"Retry: Tries: -1":                    {Upstream: to, Retry: &Retry{Tries: -1}},
		"Limits: Queue: -1":                   {Upstream: to, Limits: &Limits{Queue: -1}},
		"Key: of nothing":                     {Upstream: to, Key: &Key{}},
		"Log: Share: 7":                       {Upstream: to, Log: &Log{Share: 7}},
		"Forwarded: Trusted: ":                {Upstream: to, Forwarded: &Forwarded{Trusted: make([]netip.Prefix, 1)}},
		"Routes[0].Split.Parts[0].Upstream: ": {Routes: []Route{{Split: &Split{Parts: []Part{{Name: "a", Weight: 1, Upstream: &upstream.Cluster{}}}}}}},
		`Routes: entry 0, "a": Host: "a b"`:   {Routes: []Route{{Name: "a", Host: "a b", Upstream: to}}},
	} {
		require.ErrorContains(t, p.Validate(), want)
	}
	require.NoError(t, (&Proxy{Upstream: to, Routes: []Route{{Upstream: to}}}).Validate())
}

// flaky answers each request with the next of the statuses, and 0 by a reset once
// the head is read; the last one stays.
func flaky(t *testing.T, bodies *[]string, statuses ...int) *backend {
	var n atomic.Int64
	var mu sync.Mutex
	return newBackend(t, func(c net.Conn, br *bufio.Reader) {
		for {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			status := statuses[min(int(n.Add(1))-1, len(statuses)-1)]
			if status == 0 {
				c.(*net.TCPConn).SetLinger(0)
				return
			}
			body, _ := io.ReadAll(req.Body)
			mu.Lock()
			*bodies = append(*bodies, string(body))
			mu.Unlock()
			text := fmt.Sprintf("%d of %d", status, n.Load())
			fmt.Fprintf(c, "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", status, len(text), text)
		}
	})
}

func TestRetriesOverTheCore(t *testing.T) {
	retry := func() *Retry { return &Retry{Pause: time.Millisecond} }
	for _, test := range []struct {
		name     string
		retry    *Retry
		method   string
		body     string
		statuses []int
		status   int
		want     string
		tries    int
	}{
		{"503", retry(), "GET", "", []int{503, 200}, 200, "200 of 2", 2},
		{"reset", retry(), "GET", "", []int{0, 0, 200}, 200, "200 of 3", 3},
		{"body", retry(), "PUT", "hello", []int{503, 0, 200}, 200, "200 of 3", 3},
		{"long body", retry(), "PUT", strings.Repeat("0123456789", 6000), []int{503, 502, 200}, 200, "200 of 3", 3},
		{"too long body", retry(), "PUT", strings.Repeat("0123456789", 20_000), []int{503, 200}, 503, "503 of 1", 1},
		{"last answer", retry(), "GET", "", []int{503, 502, 504, 200}, 504, "504 of 3", 3},
		{"an answer is better than none", retry(), "GET", "", []int{503, 0}, 503, "503 of 1", 3},
		{"none", retry(), "GET", "", []int{0}, 502, "", 3},
		{"POST", retry(), "POST", "x", []int{503, 200}, 503, "503 of 1", 1},
		{"off", nil, "GET", "", []int{503, 200}, 503, "503 of 1", 1},
		{"no budget", &Retry{Budget: &Budget{Share: -1, PerSecond: -1}}, "GET", "", []int{503, 200}, 503, "503 of 1", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var bodies []string
			r := newRig(t, &Proxy{Upstream: To(flaky(t, &bodies, test.statuses...).addr()), Retry: test.retry}, nil)
			res, body := r.ask(fmt.Sprintf("%s / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", test.method, len(test.body), test.body))
			require.Equal(t, test.status, res.StatusCode)
			if test.want != "" {
				require.Contains(t, body, strings.Split(test.want, " of")[0])
				require.Equal(t, test.want, body)
			}
			for _, b := range bodies {
				require.Equal(t, test.body, b)
			}
			require.NoError(t, r.finish())
			s := r.proxy.Stats().Routes[0]
			require.EqualValues(t, test.tries-1, s.Retries)
			require.EqualValues(t, 1, s.Requests)
			if test.name == "no budget" {
				require.EqualValues(t, 1, s.Exhausted)
			}
		})
	}
}

func TestPOSTThatNobodySawGoesElsewhere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := l.Addr().String()
	l.Close()
	var bodies []string
	good := flaky(t, &bodies, 200)
	r := newRig(t, &Proxy{
		Upstream: &upstream.Cluster{Endpoints: upstream.To(closed, good.addr()), Balancer: upstream.RoundRobin{}},
		Retry:    &Retry{Pause: time.Millisecond, Budget: &Budget{PerSecond: 1000}},
	}, nil)
	for range 20 {
		res, _ := r.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
		require.Equal(t, 200, res.StatusCode)
	}
	require.Len(t, bodies, 20)
	require.Equal(t, "hello", bodies[0])
}

func TestTryTimeoutGoesElsewhere(t *testing.T) {
	silent := newBackend(t, func(c net.Conn, br *bufio.Reader) { io.Copy(io.Discard, br) })
	var bodies []string
	good := flaky(t, &bodies, 200)
	r := newRig(t, &Proxy{
		Upstream: &upstream.Cluster{Endpoints: upstream.To(silent.addr(), good.addr()), Balancer: upstream.RoundRobin{}},
		Retry:    &Retry{Pause: time.Millisecond, TryTimeout: 50 * time.Millisecond},
	}, nil)
	for range 4 {
		res, _ := get(t, r, "h", "/")
		require.Equal(t, 200, res.StatusCode)
	}
}

func TestLimitsOverTheCore(t *testing.T) {
	inside, leave := make(chan bool, 10), make(chan bool)
	r := newRig(t, &Proxy{Limits: &Limits{Concurrent: 1}}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside <- true
		<-leave
	}))
	done := make(chan int)
	go func() {
		res, err := r.client().Get(r.url("/"))
		if err != nil {
			t.Error(err)
			close(done)
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-inside
	res, _ := get(t, r, "h", "/")
	require.Equal(t, 503, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	close(leave)
	require.Equal(t, 200, <-done)
	require.Eventually(t, func() bool {
		res, _ := get(t, r, "h", "/")
		return res.StatusCode == 200
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { // a request is counted after its answer
		s := r.proxy.Stats().Routes[0]
		return s.Limited > 0 && s.Refused == s.Limited
	}, patience, time.Millisecond)
}

func TestForwardedOverTheCore(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Values("X-Forwarded-For"), r.Header.Values("X-Forwarded-Host"), r.Header.Values("X-Forwarded-Proto"), r.Header.Values("Forwarded"))
	})
	r := newRig(t, &Proxy{}, echo)
	_, body := get(t, r, "h:1", "/", "X-Forwarded-For", "6.6.6.6", "Forwarded", "for=x", "X-Forwarded-Host", "evil")
	require.Equal(t, "[127.0.0.1] [h:1] [http] []", body)
	r = newRig(t, &Proxy{Forwarded: &Forwarded{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}, echo)
	_, body = get(t, r, "h:1", "/", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "good")
	require.Equal(t, "[6.6.6.6, 127.0.0.1] [good] [http] []", body)
}

func TestLogAndTraceOverTheCore(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	var events []string
	type key struct{}
	note := func(what string, ctx context.Context, r Record) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, fmt.Sprintf("%s %v %s %d", what, ctx.Value(key{}), r.Path, r.Status))
	}
	got := make(chan http.Header, 10)
	n := 0
	ended := make(chan bool, 10)
	r := newRig(t, &Proxy{
		Retry: &Retry{Pause: time.Millisecond},
		Log:   &Log{Logger: slog.New(slog.NewTextHandler(&out, nil))},
		Trace: &Trace{
			Begin: func(ctx context.Context, r Record, h http.Header) context.Context {
				note("begin", ctx, r)
				h.Set("Traceparent", strings.Replace(h.Get("Traceparent"), "00f067aa0ba902b7", "1111111111111111", 1))
				h.Del("X-Secret")
				return context.WithValue(ctx, key{}, "span")
			},
			Try: func(ctx context.Context, r Record) { note("try", ctx, r) },
			End: func(ctx context.Context, r Record) { note("end", ctx, r); ended <- true },
		},
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header
		if n++; n == 1 {
			w.WriteHeader(503)
		}
	}))
	get(t, r, "h", "/p?q", "traceparent", someParent, "X-Secret", "x", "tracestate", "a=1")
	<-ended
	h := <-got
	require.Equal(t, "00-"+someTrace+"-1111111111111111-01", h.Get("Traceparent"))
	require.Equal(t, "a=1", h.Get("Tracestate"))
	require.Empty(t, h.Get("X-Secret"))
	require.NoError(t, r.finish())
	require.Equal(t, []string{"begin <nil> /p 0", "try span /p 503", "end span /p 200"}, events)
	require.Contains(t, out.String(), "method=GET host=h path=/p proto=HTTP/1.1 status=200")
	require.Contains(t, out.String(), "trace="+someTrace+" tries=2")
	require.Contains(t, out.String(), "client=127.0.0.1")
}

func TestKeysKeepToTheirEndpoints(t *testing.T) {
	var all []string
	for i := range 4 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, i) }))
		t.Cleanup(s.Close)
		all = append(all, s.Listener.Addr().String())
	}
	r := newRig(t, &Proxy{
		Upstream: &upstream.Cluster{Endpoints: upstream.To(all...), Balancer: upstream.Maglev{Size: 251}},
		Key:      &Key{Header: "X-User", Cookie: "user"},
	}, nil)
	seen := map[string]bool{}
	for user := range 20 {
		_, first := get(t, r, "h", "/", "X-User", fmt.Sprint("u", user))
		seen[first] = true
		for range 3 {
			_, again := get(t, r, "h", "/", "Cookie", fmt.Sprintf("a=b; user=u%d", user))
			require.Equal(t, first, again)
		}
	}
	require.Greater(t, len(seen), 1)
}

// What the policies take of a request that is neither refused nor tried again.
func BenchmarkPolicies(b *testing.B) {
	for name, p := range map[string]*Proxy{
		"none":   {},
		"some":   {Retry: &Retry{}, Limits: &Limits{Concurrent: 100}},
		"routes": {Routes: []Route{{Host: "h", PathPrefix: "/p", Upstream: To("127.0.0.1:1"), Retry: &Retry{}}, {PathPrefix: "/q", Upstream: To("127.0.0.1:1")}}},
	} {
		p.Upstream = To("127.0.0.1:1")
		b.Run(name, func(b *testing.B) {
			x := &exchange{}
			came := fields{{"User-Agent", "x"}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip"}, {"Cookie", "a=b"}}
			remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
			header := make(fields, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				peer := x.pol.peer
				*x = exchange{proxy: p, ctx: b.Context(), method: "GET", host: "h", target: "/p/x", remote: remote, began: time.Now()}
				x.pol.peer, x.header = peer, append(header, came...)
				if x.route() != nil || x.admit() != nil {
					b.Fatal("refused")
				}
				x.dress()
				x.status, x.tries, x.endpoint, x.took = 200, 1, "127.0.0.1:1", time.Millisecond
				x.leave()
				x.ended()
			}
		})
	}
}
