package httpproxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Also where a connection cannot be looked at, one that the endpoint has closed
// costs no request.
func TestIdleConnectionThatWasClosedInMemory(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		l, err := b.memory.Listen(b.t.Context(), "tcp", "127.0.0.1:9090")
		require.NoError(t, err)
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					c.SetDeadline(time.Now().Add(time.Second))
					br := bufio.NewReader(c)
					for {
						if _, err := headOf(br); err != nil {
							return
						}
						br.Discard(len("body"))
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					}
				}()
			}
		}()
		other := &Proxy{Upstream: To("127.0.0.1:9090")}
		ctx := b.box.Context(b.t.Context())
		for range 5 {
			for range 3 {
				req, err := http.NewRequestWithContext(ctx, "POST", "http://h/", strings.NewReader("body"))
				require.NoError(t, err)
				resp, err := (&http.Client{Transport: other}).Do(req)
				require.NoError(t, err)
				body, _ := io.ReadAll(resp.Body)
				require.Equal(t, "ok", string(body))
				resp.Body.Close()
			}
			time.Sleep(2 * time.Second)
		}
		require.EqualValues(t, 5, other.Stats().Dialled)
		require.Zero(t, other.Stats().Stale)
		other.CloseIdleConnections()
		synctest.Wait()
	})
}

func TestIdleClientIsClosed(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		c := b.dial()
		b.ask(c, "/1ms")
		began := time.Now()
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.Greater(t, time.Since(began), 3*time.Minute*7/8-time.Second)
		require.LessOrEqual(t, time.Since(began), 3*time.Minute)
	})
}

// A request that takes longer than Idle is not disturbed by it.
func TestSlowRequestIsNotIdle(t *testing.T) {
	inBubble(t, &Proxy{Idle: time.Second}, http.HandlerFunc(sleepy), func(b *bubble) {
		c := b.dial()
		for range 3 {
			_, body := b.ask(c, "/1h")
			require.Equal(t, "/1h", body)
		}
	})
}

func TestClientThatLeavesInMemory(t *testing.T) {
	left := make(chan bool, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		left <- true
	})
	inBubble(t, &Proxy{}, handler, func(b *bubble) {
		c := b.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		time.Sleep(time.Minute)
		began := time.Now()
		c.Close()
		<-left
		require.Less(t, time.Since(began), time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, b.proxy.Stats().ClientLeft)
		require.Zero(t, b.proxy.Upstream.Stats().Endpoints[0].Failed)
	})
}

// Answers that take about as long as goneAfter have the watch begin and end at the
// same moment.
func TestWatchThatBeginsAsTheAnswerComes(t *testing.T) {
	r := newRig(t, &Proxy{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(goneAfter - time.Millisecond/2)
		io.WriteString(w, "ok")
	}))
	done := make(chan error, 16)
	for range cap(done) {
		go func() {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				done <- err
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			br := bufio.NewReader(c)
			for range 50 {
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				resp, err := http.ReadResponse(br, nil)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	var all []error
	for range cap(done) {
		all = append(all, <-done)
	}
	require.NoError(t, errors.Join(all...))
	require.NoError(t, r.finish())
}
