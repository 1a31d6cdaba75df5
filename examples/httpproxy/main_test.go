package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
)

// backend answers with its name, the path and its number of the request.
func backend(t *testing.T, name string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name, " ", r.URL.Path) }))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// output is what the program says while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// start runs the program, and returns where it listens and how to end it.
func start(t *testing.T, args ...string) (addr string, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &output{}, make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), out) }()
	require.Eventually(t, func() bool { return listening.MatchString(out.String()) }, 10*time.Second, time.Millisecond, "%v", out)
	return listening.FindStringSubmatch(out.String())[1], func() string {
		cancel()
		require.NoError(t, <-ended)
		return out.String()
	}
}

// get has a connection of its own for each request.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

func TestBalances(t *testing.T) {
	one, two := backend(t, "one"), backend(t, "two")
	addr, stop := start(t, "-upstream", one+","+two, "-balance", "round")
	got := map[string]int{}
	for range 10 {
		_, body := get(t, "http://"+addr+"/x")
		got[body]++
	}
	require.Equal(t, map[string]int{"one /x": 5, "two /x": 5}, got)
	said := stop()
	require.Contains(t, said, "accepted=10 answered=10 ")
	require.Contains(t, said, "route=-upstream requests=10 retries=0 ")
}

func TestEveryBalance(t *testing.T) {
	one := backend(t, "one")
	for _, args := range [][]string{{"-balance", "least"}, {"-balance", "ewma"}, {"-balance", "hash"}, {"-balance", "hash", "-key", "header:X"}, {"-balance", "hash", "-key", "cookie:x"}} {
		addr, stop := start(t, append(args, "-upstream", one, "-check", "1s", "-eject", "-concurrent", "5", "-rate", "1000", "-wait", "1s")...)
		_, body := get(t, "http://"+addr+"/")
		require.Equal(t, "one /", body)
		stop()
	}
}

func TestRetries(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	addr, stop := start(t, "-upstream", s.Listener.Addr().String(), "-retries", "2", "-log", "1")
	for range 3 {
		status, _ := get(t, "http://"+addr)
		require.Equal(t, 200, status)
	}
	said := stop()
	require.Contains(t, said, "requests=3 retries=6 ")
	require.Contains(t, said, "msg=request method=GET")
}

func TestRoutesAndCopies(t *testing.T) {
	var copies atomic.Int64
	shadow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { copies.Add(1) }))
	defer shadow.Close()
	addr, stop := start(t, "-upstream", backend(t, "main"), "-route", "/api="+backend(t, "api"), "-shadow", shadow.Listener.Addr().String())
	_, body := get(t, "http://"+addr+"/api/x")
	require.Equal(t, "api /api/x", body)
	_, body = get(t, "http://"+addr+"/x")
	require.Equal(t, "main /x", body)
	require.Eventually(t, func() bool { return copies.Load() == 1 }, 10*time.Second, time.Millisecond)
	require.Contains(t, stop(), "route=/api requests=1 ")
}

// One proxy begins TLS for a client that speaks none, another ends it.
func TestTLS(t *testing.T) {
	a := authority.New(t)
	cert, key := a.Write(t.TempDir(), "api.example")
	ca := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(ca, a.PEM, 0o600))
	ends, stopEnds := start(t, "-upstream", backend(t, "plain"), "-tls-cert", cert, "-tls-key", key, "-trusted", "127.0.0.0/8")
	begins, stopBegins := start(t, "-upstream", ends, "-upstream-tls", "-upstream-ca", ca, "-upstream-name", "api.example")
	_, body := get(t, "http://"+begins+"/x")
	require.Equal(t, "plain /x", body)

	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: a.Pool(), ServerName: "api.example"}}}
	res, err := client.Get("https://" + ends + "/y")
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 2, res.ProtoMajor)
	for _, stop := range []func() string{stopBegins, stopEnds} {
		require.Contains(t, stop(), "cut=0")
	}
}

func TestWrongFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"-listen: empty":                     {"-upstream", "127.0.0.1:1"},
		"-upstream: empty":                   {"-listen", "127.0.0.1:0"},
		`argument "x": there are only flags`: {"-listen", "127.0.0.1:0", "-upstream", "a:1", "x"},
		`-balance: "best" is none of`:        {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-balance", "best"},
		`-key: "x" is neither`:               {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-balance", "hash", "-key", "x"},
		`-trusted: netip.ParsePrefix("x")`:   {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-trusted", "x"},
		`-upstream-tls: not given`:           {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-upstream-ca", "x"},
		`-retries: -1 is negative`:           {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-retries", "-1"},
		`-shadow: given`:                     {"-listen", "127.0.0.1:0", "-route", "/a=a:1", "-shadow", "a:1"},
		`flag -route: is not`:                {"-route", "api.example"},
		`Log: Share: 2`:                      {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-log", "2"},
		`-try-timeout: given`:                {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-try-timeout", "1s"},
		`-concurrent: -1 is negative`:        {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-concurrent", "-1"},
		`-rate: -1 is not from 0`:            {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-rate", "-1"},
		`-rate: NaN is not from 0`:           {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-rate", "NaN"},
		`-wait: given`:                       {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-wait", "1s"},
		`-key: given`:                        {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-key", "header:X"},
		`-check: -1s is negative`:            {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-check", "-1s"},
		`-grace: -1s is negative`:            {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-grace", "-1s"},
		`names "/a" again`:                   {"-route", "/a=a:1", "-route", "/a=b:1"},
		`Timeout: -1s`:                       {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-timeout", "-1s"},
		`TLS: KeyFile: empty`:                {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-tls-cert", "x"},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard), want)
	}
}
