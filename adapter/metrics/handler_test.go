package metrics

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestHTTP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{one("a")}}
		s := start(t, e, nil)
		_, text := s.do("GET", "/metrics?x=y")
		require.Contains(t, text, "\na 1\n")
		for _, c := range []struct {
			method, path string
			code         int
			contentType  string
		}{
			{"HEAD", "/metrics", 200, Text.ContentType()},
			{"GET", "/metrics.json", 200, "application/json"},
			{"HEAD", "/metrics.json", 200, "application/json"},
			{"GET", "/healthz", 200, "text/plain; charset=utf-8"},
			{"GET", "/", 200, "text/html; charset=utf-8"},
			{"HEAD", "/", 200, "text/html; charset=utf-8"},
			{"GET", "/metrics/", 404, "text/plain; charset=utf-8"},
			{"GET", "/favicon.ico", 404, "text/plain; charset=utf-8"},
			{"POST", "/other", 404, "text/plain; charset=utf-8"},
			{"POST", "/metrics", 405, "text/plain; charset=utf-8"},
			{"DELETE", "/", 405, "text/plain; charset=utf-8"},
		} {
			resp, body := s.do(c.method, c.path)
			require.Equal(t, c.code, resp.StatusCode, c)
			require.Equal(t, c.contentType, resp.Header.Get("Content-Type"), c)
			require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"), c)
			if c.code == 405 {
				require.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
			}
			if c.method == "HEAD" {
				require.Empty(t, body)
			}
			if c.method == "GET" && c.path == "/" {
				require.Contains(t, body, `href="/metrics"`)
			}
		}
		require.Equal(t, uint64(4), e.Stats().Scrapes, "HEAD counts")
		require.NoError(t, s.stop())
	})
}

func TestScrapeTimeout(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 5 * time.Second, "10": 5 * time.Second, "2": 1800 * time.Millisecond, "0.1": 90 * time.Millisecond,
		"5.5": 5 * time.Second, "5.4": 4900 * time.Millisecond, "0": 5 * time.Second, "-1": 5 * time.Second,
		"soon": 5 * time.Second, "NaN": 5 * time.Second, "Inf": 5 * time.Second, "1e300": 5 * time.Second, "1e-300": 0,
	} {
		got := scrapeTimeout(http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {header}}, 5*time.Second)
		require.InDelta(t, want, got, float64(time.Microsecond), header)
	}
}

func TestDrainAnswersAScrapeInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, &Exporter{Sources: []Source{after(2*time.Second, "slow")}}, nil)
		answer := make(chan string)
		go func() { _, text, _ := s.fetch("GET", "/metrics"); answer <- text }()
		synctest.Wait()
		s.cancel()
		synctest.Wait()
		_, err := s.l.dial(context.Background(), "", "")
		require.ErrorIs(t, err, net.ErrClosed, "the listener is closed before the drain")
		text := <-answer
		require.Contains(t, text, "\nslow 1\n")
		require.NoError(t, s.stop())
	})
}

func TestDrainEndsWithTheGracePeriod(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{after(time.Minute, "slow")}, Timeout: time.Hour}
		s := start(t, e, &sandbox.Sandbox{Grace: 3 * time.Second})
		code := make(chan int)
		go func() {
			resp, _, err := s.fetch("GET", "/metrics")
			if err != nil {
				close(code)
				return
			}
			code <- resp.StatusCode
		}()
		synctest.Wait()
		begun := time.Now()
		err := s.stop()
		require.Less(t, time.Since(begun), 4*time.Second)
		got, answered := <-code
		require.True(t, !answered && err != nil || got == http.StatusServiceUnavailable, "an empty answer would be a scrape: %v, %v", got, err)
	})
}

func TestAClientThatIsGoneIsNotCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{after(2*time.Second, "slow")}}
		s := start(t, e, nil)
		c, err := s.l.dial(context.Background(), "", "")
		require.NoError(t, err)
		_, err = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n")
		require.NoError(t, err)
		synctest.Wait()
		c.Close()
		synctest.Wait()
		require.Zero(t, e.Stats().Scrapes)
		require.Zero(t, e.Stats().Sources[0].Missed)
		require.NoError(t, s.stop())
	})
}

func TestTooManyScrapesAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{after(time.Second, "slow")}}
		s := start(t, e, nil)
		var mu sync.Mutex
		codes := map[int]int{}
		var scrapes sync.WaitGroup
		for range maxScrapes + 3 {
			scrapes.Go(func() {
				resp, _, err := s.fetch("GET", "/metrics")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					codes[resp.StatusCode]++
				}
			})
		}
		scrapes.Wait()
		require.Equal(t, map[int]int{200: maxScrapes, 503: 3}, codes)
		require.Equal(t, uint64(3), e.Stats().Rejected)
		s.scrape()
		require.NoError(t, s.stop())
	})
}

func TestConnectionsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, &Exporter{Sources: []Source{one("a")}}, nil)
		conns := make([]net.Conn, maxConns)
		for i := range conns {
			c, err := s.l.dial(context.Background(), "", "")
			require.NoError(t, err)
			defer c.Close()
			conns[i] = c
		}
		answered := make(chan error, 1)
		go func() { _, _, err := s.fetch("GET", "/metrics"); answered <- err }()
		synctest.Wait()
		require.Empty(t, answered, "it waits for a place")
		conns[0].Close()
		require.NoError(t, <-answered)
		for _, c := range conns {
			c.Close()
		}
		require.NoError(t, s.stop())
	})
}

func TestASlowReaderIsCutOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, &Exporter{Sources: []Source{one("a")}}, nil)
		c, err := s.l.dial(context.Background(), "", "")
		require.NoError(t, err)
		_, err = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: pod\r\n\r\n")
		require.NoError(t, err)
		time.Sleep(DefaultTimeout + 31*time.Second)
		text, _ := io.ReadAll(c)
		require.Empty(t, text)
		require.NoError(t, s.stop())
	})
}
