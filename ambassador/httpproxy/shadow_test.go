package httpproxy

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// A mirror is the upstream of copies.
type mirror struct {
	got  chan string
	stay chan bool // closed when it is to answer
	to   *upstream.Cluster
}

func newMirror(t *testing.T, stay bool) *mirror {
	m := &mirror{got: make(chan string, 1000), stay: make(chan bool)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.got <- fmt.Sprintf("%s %s%s %s %s", r.Method, r.Host, r.RequestURI, r.Header.Get("X-A"), body)
		select {
		case <-m.stay:
		case <-r.Context().Done():
		}
		w.WriteHeader(500)
	}))
	if !stay {
		close(m.stay)
	}
	t.Cleanup(s.Close)
	m.to = To(s.Listener.Addr().String())
	return m
}

// shadowing starts a proxy whose every request is copied as s says.
func shadowing(t *testing.T, s *Shadow) *rig {
	return newRig(t, &Proxy{Upstream: named(t, "own"), Routes: []Route{{Upstream: named(t, "main"), Shadow: s}}}, nil)
}

func (r *rig) shadows() ShadowStats { return r.proxy.Stats().Routes[0].Shadow }

func TestShadowGetsCopies(t *testing.T) {
	m := newMirror(t, false)
	r := shadowing(t, &Shadow{Upstream: m.to})
	_, body := get(t, r, "h:80", "/p?q;r", "X-A", "b")
	require.Equal(t, "main GET h:80/p?q;r ", body)
	require.Equal(t, "GET h-shadow:80/p?q;r b ", <-m.got)
	_, body = r.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
	require.Equal(t, "main POST h/ hello", body)
	require.Equal(t, "POST h-shadow/  hello", <-m.got)
	_, body = r.ask("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
	require.Equal(t, "main PUT h/ abcdef", body)
	require.Equal(t, "PUT h-shadow/  abcdef", <-m.got)
	long := strings.Repeat("x", 60_000)
	r.ask("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + long)
	require.Equal(t, "PUT h-shadow/  "+long, <-m.got)
	require.Eventually(t, func() bool { return r.shadows() == ShadowStats{Answered: 4} }, patience, time.Millisecond)
	require.NoError(t, r.finish())
}

func TestShadowLeavesOutWhatIsTooLong(t *testing.T) {
	m := newMirror(t, false)
	r := shadowing(t, &Shadow{Upstream: m.to, MaxBody: 4})
	_, body := r.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
	require.Equal(t, "main POST h/ hello", body)
	r.ask("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
	r.ask("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	require.Equal(t, "PUT h-shadow/  abc", <-m.got)
	require.Eventually(t, func() bool { return r.shadows() == ShadowStats{Answered: 1, Dropped: 2} }, patience, time.Millisecond)
	require.NoError(t, r.finish())
}

func TestShadowThatIsSlowIsNotFelt(t *testing.T) {
	m := newMirror(t, true)
	r := shadowing(t, &Shadow{Upstream: m.to, Concurrent: 3, Timeout: time.Minute})
	c := r.client()
	for range 50 {
		res, err := c.Get(r.url("/"))
		require.NoError(t, err)
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		require.Equal(t, 200, res.StatusCode)
	}
	require.Equal(t, ShadowStats{Active: 3, Dropped: 47}, r.shadows())
	c.CloseIdleConnections()
	began := time.Now()
	require.NoError(t, r.finish(), "the stop does not wait for copies")
	require.Less(t, time.Since(began), 10*time.Second)
	require.Equal(t, ShadowStats{Failed: 3, Dropped: 47}, r.shadows())
}

func TestShadowThatIsNotThereIsNotFelt(t *testing.T) {
	r := shadowing(t, &Shadow{Upstream: To("127.0.0.1:1"), Timeout: time.Second})
	for range 20 {
		res, _ := get(t, r, "h", "/")
		require.Equal(t, 200, res.StatusCode)
	}
	require.Eventually(t, func() bool { return r.shadows().Failed+r.shadows().Dropped == 20 }, patience, time.Millisecond)
	require.NoError(t, r.finish())
}

func TestShadowOfAShare(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer s.Close()
	r := shadowing(t, &Shadow{Upstream: To(s.Listener.Addr().String()), Percent: 20, Concurrent: 1000})
	c := r.client()
	for range 500 {
		res, err := c.Get(r.url("/"))
		require.NoError(t, err)
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	require.Eventually(t, func() bool { return r.shadows().Active == 0 }, patience, time.Millisecond)
	require.InDelta(t, 100, n.Load(), 50)
}

func TestShadowRefusesWrongFields(t *testing.T) {
	to := To("127.0.0.1:1")
	for want, s := range map[string]*Shadow{
		"Upstream: nil":  {},
		"Percent: 101":   {Upstream: to, Percent: 101},
		"Percent: NaN":   {Upstream: to, Percent: math.NaN()},
		"Concurrent: -1": {Upstream: to, Concurrent: -1},
		"Timeout: -1ns":  {Upstream: to, Timeout: -1},
	} {
		require.ErrorContains(t, s.validate(), want)
	}
	require.Equal(t, "[::1]:80", shadowHost("[::1]:80"))
	require.Equal(t, "a-shadow", shadowHost("a"))
}
