package httpproxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// unruly answers with what it got, unless it resets, fails, is slow, or answers
// before it has read.
func unruly(w http.ResponseWriter, r *http.Request) {
	switch rand.IntN(12) {
	case 0:
		c, _, _ := w.(http.Hijacker).Hijack()
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		return
	case 1:
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "busy")
		return
	case 2:
		time.Sleep(time.Duration(5+rand.IntN(10)) * time.Millisecond)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		return
	}
	fmt.Fprintf(w, "%s %d %x", r.URL.Path, n, sum.Sum(nil))
	if rand.IntN(4) == 0 {
		w.(http.Flusher).Flush() // so that it has chunks
	}
}

// Whatever goes wrong at once, every answer is the one to its request, of all of it.
func TestStorm(t *testing.T) {
	var endpoints []string
	for range 3 {
		s := httptest.NewServer(http.HandlerFunc(unruly))
		t.Cleanup(s.Close)
		endpoints = append(endpoints, s.Listener.Addr().String())
	}
	r := newRig(t, &Proxy{
		Upstream: To(endpoints...),
		Routes: []Route{{
			Name:     "storm",
			Upstream: &upstream.Cluster{Endpoints: upstream.To(endpoints...), Ejection: &upstream.Ejection{}},
			Retry:    &Retry{Tries: 4, Pause: time.Millisecond, TryTimeout: 200 * time.Millisecond, Budget: &Budget{Share: 1}},
			Limits:   &Limits{Concurrent: 12, MaxWait: patience},
			Shadow:   &Shadow{Upstream: To(endpoints...), Concurrent: 4},
		}},
	}, nil)
	var answered, failed, left atomic.Int64
	var all sync.WaitGroup
	over := time.Now().Add(2 * time.Second)
	for client := range 16 {
		all.Go(func() {
			protocols := new(http.Protocols)
			protocols.SetHTTP1(client%4 != 0)
			protocols.SetUnencryptedHTTP2(client%4 == 0)
			transport := &http.Transport{Protocols: protocols}
			defer transport.CloseIdleConnections()
			for n := 0; time.Now().Before(over); n++ {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				leaves := rand.IntN(15) == 0
				if leaves {
					time.AfterFunc(time.Duration(rand.IntN(4000))*time.Microsecond, cancel)
				}
				body := bytes.Repeat([]byte{byte(n)}, []int{0, 10, 5000, 40_000, 300_000}[rand.IntN(5)])
				var reader io.Reader = bytes.NewReader(body)
				if rand.IntN(2) == 0 {
					reader = io.MultiReader(reader) // whose length nobody knows
				}
				path := fmt.Sprintf("/%d/%d", client, n)
				req, _ := http.NewRequestWithContext(ctx, "PUT", r.url(path), reader)
				res, err := transport.RoundTrip(req)
				if err == nil {
					var got []byte
					got, err = io.ReadAll(res.Body)
					res.Body.Close()
					want := fmt.Sprintf("%s %d %x", path, len(body), sha256.Sum256(body))
					switch {
					case err != nil:
					case res.StatusCode != 200:
						failed.Add(1)
					case string(got) != want:
						t.Errorf("the answer is %q, not %q", got, want)
					default:
						answered.Add(1)
					}
				}
				if err != nil {
					left.Add(1)
					if !leaves && client%4 != 0 {
						failed.Add(1) // its upstream answered early and closed
					}
				}
				cancel()
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool {
		s := r.proxy.Stats().Routes[0]
		return s.Active == 0 && s.Shadow.Active == 0
	}, patience, time.Millisecond)
	require.NoError(t, r.finish())
	s := r.proxy.Stats().Routes[0]
	t.Logf("%d answered, %d failed, %d left; %+v", answered.Load(), failed.Load(), left.Load(), s)
	require.Greater(t, answered.Load(), 5*failed.Load())
	require.Positive(t, s.Retries)
	require.Equal(t, s.Requests, s.Classes[0]+s.Classes[1]+s.Classes[2]+s.Classes[3]+s.Classes[4]+s.Refused+s.Left+s.Broken)
	require.Zero(t, s.Limited)
}
