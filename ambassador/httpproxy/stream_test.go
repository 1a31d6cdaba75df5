package httpproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEventsAreFlushedAtOnce(t *testing.T) {
	next := make(chan string)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		for e := range next {
			io.WriteString(w, e)
			w.(http.Flusher).Flush()
		}
	})
	for _, down := range []string{"1", "h2c"} {
		r := newRig(t, &Proxy{}, handler)
		client := r.client()
		if down == "h2c" {
			client = h2cClient(t)
		}
		resp, err := client.Get(r.url("/")) // the head comes before any event
		require.NoError(t, err)
		for i := range 10 {
			e := fmt.Sprintf("data: %d\n\n", i)
			next <- e
			b := make([]byte, len(e))
			_, err := io.ReadFull(resp.Body, b)
			require.NoError(t, err)
			require.Equal(t, e, string(b))
		}
		close(next)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		client.CloseIdleConnections()
		require.NoError(t, r.finish())
		next = make(chan string)
	}
}

// The size of the next chunk, come in part, must not hold back the one before.
func TestHalfAChunkHoldsNothingBack(t *testing.T) {
	goOn := make(chan bool)
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		headOf(br)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1")
		<-goOn
		io.WriteString(c, "\r\nd\r\n0\r\nX: y\r")
		<-goOn
		io.WriteString(c, "\n\r\n")
		headOf(br)
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
	c := r.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	requireRead(t, c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
	goOn <- true
	requireRead(t, c, "1\r\nd\r\n")
	goOn <- true
	requireRead(t, c, "0\r\nX: y\r\n\r\n")
}

func requireRead(t *testing.T, c io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	n, err := io.ReadFull(c, b)
	require.NoError(t, err, string(b[:n]))
	require.Equal(t, want, string(b))
}

func TestExpectIsForUpstream(t *testing.T) {
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		for {
			h, err := headOf(br)
			if err != nil {
				return
			}
			if strings.Contains(h, "/no") {
				io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
				return
			}
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			io.ReadFull(br, make([]byte, 4))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
	c := r.dial()
	for range 2 {
		io.WriteString(c, "POST /yes HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
		requireRead(t, c, "HTTP/1.1 100 Continue\r\n\r\n")
		io.WriteString(c, "body")
		requireRead(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
	io.WriteString(c, "POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
	requireRead(t, c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, r.finish())
}

// An upstream that refuses a body before it has come, and closes, as servers do.
func TestEarlyAnswerReachesTheClient(t *testing.T) {
	for _, then := range []string{"close", "reads on"} {
		b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
			headOf(br)
			io.WriteString(c, "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much")
			if then == "reads on" {
				io.Copy(io.Discard, br)
			}
		})
		r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
		for range 10 {
			c := r.dial()
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n")
			go c.Write(make([]byte, 50_000_000))
			resp, body := answerOn(t, bufio.NewReader(c), "POST")
			require.Equal(t, 413, resp.StatusCode)
			require.Equal(t, "too much", body)
			require.True(t, resp.Close)
			c.Close()
		}
		require.NoError(t, r.finish())
	}
}

func upgrading(t *testing.T) *backend {
	return newBackend(t, func(c net.Conn, br *bufio.Reader) {
		h, _ := headOf(br)
		if !strings.Contains(h, "Upgrade: echo\r\n") {
			io.WriteString(c, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
			return
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\nX: 1\r\n\r\nwelcome")
		io.Copy(c, br)
		io.WriteString(c, "bye")
	})
}

func TestUpgrade(t *testing.T) {
	b := upgrading(t)
	for _, down := range []string{"serve", "handler"} {
		r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
		if down == "handler" {
			s := &http.Server{Handler: r.proxy}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			go s.Serve(l)
			defer s.Close()
			r.addr = l.Addr().String()
		}
		c := r.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
		requireRead(t, c, "HTTP/1.1 101 Switching Protocols\r\nX: 1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcomeearly")
		for range 3 {
			io.WriteString(c, "ping")
			requireRead(t, c, "ping")
		}
		c.(*net.TCPConn).CloseWrite()
		rest, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, "bye", string(rest), "what comes after a half-close")
		require.NoError(t, r.finish())
	}
}

func TestConnect(t *testing.T) {
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		h, _ := headOf(br)
		fmt.Fprintf(c, "HTTP/1.1 200 Connected\r\n\r\n%s", strings.Split(h, "\r\n")[0])
		io.Copy(c, br)
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr()), Connect: true}, nil)
	c := r.dial()
	io.WriteString(c, "CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\n\r\nhello")
	requireRead(t, c, "HTTP/1.1 200 Connected\r\n\r\nCONNECT far:443 HTTP/1.1hello")
	c.Close()
	require.NoError(t, r.finish())
}

// A client that leaves cancels its request upstream at once, and counts against
// nobody.
func TestClientThatLeavesCancels(t *testing.T) {
	cancelled := make(chan bool, 1)
	var arrived atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, "/stream") {
			w.(http.Flusher).Flush()
		}
		arrived.Add(1)
		<-r.Context().Done()
		cancelled <- true
	})
	for _, up := range []string{"1", "2"} {
		r := newRig(t, &Proxy{HTTP2: up == "2", Upstream: To(h2cBackend(t, handler))}, nil)
		for _, down := range []string{"1", "h2c"} {
			for _, path := range []string{"/wait", "/stream", "/post"} {
				client := r.client()
				if down == "h2c" {
					client = h2cClient(t)
				}
				ctx, cancel := context.WithCancel(t.Context())
				method, body := "GET", io.Reader(nil)
				if path == "/post" {
					method, body = "POST", strings.NewReader("body")
				}
				req, err := http.NewRequestWithContext(ctx, method, r.url(path), body)
				require.NoError(t, err)
				before := arrived.Load()
				done := make(chan bool)
				go func() {
					resp, err := client.Do(req)
					if err == nil {
						io.ReadAll(resp.Body)
						resp.Body.Close()
					}
					close(done)
				}()
				require.Eventually(t, func() bool { return arrived.Load() > before }, patience, time.Millisecond)
				began := time.Now()
				cancel()
				<-done
				select {
				case <-cancelled:
				case <-time.After(patience):
					t.Fatal(down, up, path, "was not cancelled")
				}
				require.Less(t, time.Since(began), 2*time.Second)
				client.CloseIdleConnections()
			}
		}
		s := r.proxy.Upstream.Stats().Endpoints[0]
		require.Zero(t, s.Failed)
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan bool)
	defer close(release)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		w.(http.Flusher).Flush()
		time.Sleep(120 * time.Millisecond)
		io.WriteString(w, "late")
	})
	for _, up := range []string{"1", "2"} {
		r := newRig(t, &Proxy{Timeout: 100 * time.Millisecond, HTTP2: up == "2", Upstream: To(h2cBackend(t, handler))}, nil)
		resp, _ := r.ask("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
		require.Equal(t, 504, resp.StatusCode)
		require.EqualValues(t, 1, r.proxy.Upstream.Stats().Endpoints[0].Failed)
		resp, body := r.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, "late", body, "only its beginning has a limit")
	}
}

func TestHeaderTimeoutAndIdle(t *testing.T) {
	r := newRig(t, &Proxy{HeaderTimeout: 100 * time.Millisecond, Idle: 100 * time.Millisecond}, http.NotFoundHandler())
	silent := r.dial()
	b, err := io.ReadAll(silent)
	require.NoError(t, err)
	require.Empty(t, b)
	slow := r.dial()
	io.WriteString(slow, "GET / HTTP/1.1\r\nHost: ")
	resp, _ := answerOn(t, bufio.NewReader(slow), "GET")
	require.Equal(t, 408, resp.StatusCode)
	kept := r.dial()
	br := bufio.NewReader(kept)
	for range 3 {
		io.WriteString(kept, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		resp, _ = answerOn(t, br, "GET")
		require.Equal(t, 404, resp.StatusCode)
		time.Sleep(60 * time.Millisecond)
	}
	_, err = br.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, r.finish())
}
