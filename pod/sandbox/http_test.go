package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A served is a server in a bubble, on a network in memory.
type served struct {
	t    *testing.T
	dial func() net.Conn
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, s *http.Server) *served {
	network := &podtest.Network{}
	l, err := network.Listen(t.Context(), "tcp", "127.0.0.1:80")
	require.NoError(t, err)
	ctx, stop := context.WithCancel((&sandbox.Sandbox{Grace: 20 * time.Second}).Context(t.Context()))
	v := &served{t: t, stop: stop, done: make(chan error, 1)}
	v.dial = func() net.Conn {
		c, err := network.DialContext(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	go func() { v.done <- sandbox.ServeHTTP(ctx, l, s) }()
	return v
}

// ask sends a request and says what came of it.
func (v *served) ask(c net.Conn, path string) string {
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: web\r\n\r\n", path)
	return v.answer(c)
}

func (v *served) answer(c net.Conn) string {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "no answer"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "half an answer"
	}
	if r.Close {
		return string(body) + ", closing"
	}
	return string(body)
}

func slow(d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		io.WriteString(w, r.URL.Path)
	})
}

func inBubble(t *testing.T, s func() *http.Server, script func(t *testing.T, v *served)) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, s())
		synctest.Wait()
		defer v.stop()
		script(t, v)
	})
}

func TestServeHTTPAnswersWhatIsInFlight(t *testing.T) {
	inBubble(t, func() *http.Server { return &http.Server{Handler: slow(10 * time.Second)} }, func(t *testing.T, v *served) {
		c := v.dial()
		time.AfterFunc(time.Second, v.stop)
		require.Equal(t, "/a, closing", v.ask(c, "/a"))
		require.NoError(t, <-v.done)
	})
}

func TestServeHTTPWaitsForTheRequestOfAnAcceptedConnection(t *testing.T) {
	inBubble(t, func() *http.Server { return &http.Server{Handler: slow(0)} }, func(t *testing.T, v *served) {
		sooner, later, never := v.dial(), v.dial(), v.dial()
		synctest.Wait()
		v.stop()
		began := time.Now()
		time.AfterFunc(4*time.Second, func() { fmt.Fprint(sooner, "GET /sooner HTTP/1.1\r\nHost: web\r\n\r\n") })
		time.AfterFunc(8*time.Second, func() { fmt.Fprint(later, "GET /later HTTP/1.1\r\nHost: web\r\n\r\n") })
		require.Equal(t, "/sooner, closing", v.answer(sooner))
		require.NoError(t, <-v.done)
		require.LessOrEqual(t, time.Since(began), 10*time.Second, "5 s for a request, and those that net/http gives")
		_, err := never.Read(make([]byte, 1))
		require.Error(t, err)
	})
}

func TestServeHTTPClosesIdleConnectionsAtOnce(t *testing.T) {
	inBubble(t, func() *http.Server { return &http.Server{Handler: slow(0)} }, func(t *testing.T, v *served) {
		c := v.dial()
		require.Equal(t, "/a", v.ask(c, "/a"))
		require.Equal(t, "/b", v.ask(c, "/b"), "kept alive until the stop")
		began := time.Now()
		v.stop()
		require.NoError(t, <-v.done)
		require.Less(t, time.Since(began), time.Second)
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestServeHTTPCutsWhatIsLeftAtTheEndOfTheGrace(t *testing.T) {
	inBubble(t, func() *http.Server { return &http.Server{Handler: slow(time.Hour)} }, func(t *testing.T, v *served) {
		c := v.dial()
		answered := make(chan string, 1)
		go func() { answered <- v.ask(c, "/a") }()
		synctest.Wait()
		v.stop()
		began := time.Now()
		err := <-v.done
		require.Equal(t, 20*time.Second+250*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "1 connections cut")
		require.ErrorContains(t, err, "1 requests still in their handler")
		require.Equal(t, "no answer", <-answered)
		time.Sleep(time.Hour)
	})
}

func TestServeHTTPWaitsForHijackedConnections(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			time.Sleep(5 * time.Second)
			io.WriteString(c, "done")
			c.Close()
		}
	})
	inBubble(t, func() *http.Server { return &http.Server{Handler: handler} }, func(t *testing.T, v *served) {
		c := v.dial()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: web\r\n\r\n")
		synctest.Wait()
		v.stop()
		require.NoError(t, <-v.done)
		body, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, "done", string(body))
	})
}

func TestServeHTTPKeepsTheServersConfiguration(t *testing.T) {
	type key struct{}
	var states, shutdowns atomic.Int64
	s := &http.Server{
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, "mine") },
		ConnState:   func(net.Conn, http.ConnState) { states.Add(1) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Context().Value(key{}), sandbox.From(r.Context()).Grace)
		}),
	}
	s.RegisterOnShutdown(func() { shutdowns.Add(1) })
	for range 2 { // and serves again
		inBubble(t, func() *http.Server { return s }, func(t *testing.T, v *served) {
			require.Equal(t, "mine20s", v.ask(v.dial(), "/"))
			v.stop()
			require.NoError(t, <-v.done)
			synctest.Wait()
		})
	}
	require.EqualValues(t, 8, states.Load(), "new, active, idle and closed")
	require.EqualValues(t, 2, shutdowns.Load())
}

// broken can't accept.
type broken struct{ net.Listener }

var errBroken = errors.New("broken")

func (broken) Accept() (net.Conn, error) { return nil, errBroken }

func TestServeHTTPSaysWhyItCanNotAccept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	err = sandbox.ServeHTTP(t.Context(), broken{l}, &http.Server{})
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorIs(t, l.Close(), net.ErrClosed, "it has closed its listener")
}

func ExampleServeHTTP() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop() // in the middle of a request
			io.WriteString(w, "answered")
		})})
	}()
	answer, err := http.Get("http://" + l.Addr().String())
	body, _ := io.ReadAll(answer.Body)
	fmt.Printf("%s %v %v\n", body, err, <-done)
	// Output: answered <nil> <nil>
}
