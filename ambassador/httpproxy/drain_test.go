package httpproxy

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A bubble is a Proxy with its upstream on a network in memory, under virtual time.
type bubble struct {
	t      *testing.T
	proxy  *Proxy
	memory *podtest.Network
	box    *sandbox.Sandbox
	stop   context.CancelFunc
	served chan error
}

func inBubble(t *testing.T, p *Proxy, backend http.Handler, script func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, proxy: p, memory: &podtest.Network{}, served: make(chan error, 1)}
		up, err := b.memory.Listen(t.Context(), "tcp", "127.0.0.1:8080")
		require.NoError(t, err)
		s := &http.Server{Handler: backend, Protocols: protocols("1", "h2c")}
		go s.Serve(up)
		defer s.Close()
		if p.Upstream == nil {
			p.Upstream = To("127.0.0.1:8080")
		}
		l, err := b.memory.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		b.box = &sandbox.Sandbox{Dial: b.memory.DialContext, Grace: 20 * time.Second}
		ctx, stop := context.WithCancel(b.box.Context(t.Context()))
		b.stop = stop
		go func() { b.served <- p.Serve(ctx, l) }()
		require.NoError(t, p.Ready(t.Context()))
		script(b)
		stop()
	})
}

func (b *bubble) dial() net.Conn {
	c, err := b.memory.DialContext(b.t.Context(), "tcp", "127.0.0.1:80")
	require.NoError(b.t, err)
	b.t.Cleanup(func() { c.Close() })
	return c
}

func (b *bubble) ask(c net.Conn, path string) (*http.Response, string) {
	io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
	return answerOn(b.t, bufio.NewReader(c), "GET")
}

// sleepy answers after the time that the path says.
func sleepy(w http.ResponseWriter, r *http.Request) {
	d, _ := time.ParseDuration(r.URL.Path[1:])
	select {
	case <-time.After(d + time.Nanosecond):
	case <-r.Context().Done():
	}
	io.WriteString(w, r.URL.Path)
}

func TestDrainAnswersWhatIsUnderWay(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		c := b.dial()
		time.AfterFunc(time.Second, b.stop)
		resp, body := b.ask(c, "/10s")
		require.Equal(t, "/10s", body)
		require.True(t, resp.Close)
		require.NoError(t, <-b.served)
	})
}

func TestDrainKeepsAnIdleConnectionForAMoment(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		busy, quiet := b.dial(), b.dial()
		resp, _ := b.ask(busy, "/1ms")
		require.False(t, resp.Close)
		b.ask(quiet, "/1ms")
		began := time.Now()
		b.stop()
		time.Sleep(400 * time.Millisecond)
		resp, _ = b.ask(busy, "/1ms")
		require.True(t, resp.Close, "it learns that this was the last")
		n, err := quiet.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, n)
		require.Equal(t, 500*time.Millisecond, time.Since(began).Round(10*time.Millisecond))
		busy.Close()
		require.NoError(t, <-b.served)
	})
}

func TestDrainWaitsForTheRequestOfANewConnection(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		sooner, never := b.dial(), b.dial()
		synctest.Wait()
		began := time.Now()
		b.stop()
		time.Sleep(4 * time.Second)
		resp, _ := b.ask(sooner, "/1s")
		require.True(t, resp.Close)
		sooner.Close()
		_, err := never.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, <-b.served)
		require.Equal(t, 5*time.Second, time.Since(began).Round(100*time.Millisecond))
	})
}

func TestDrainCutsWhatIsLeftWhenTheGraceEnds(t *testing.T) {
	for _, down := range []string{"1", "h2c"} {
		inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
			tr := &http.Transport{Protocols: protocols(down), DialContext: b.memory.DialContext}
			failed := make(chan error, 1)
			go func() {
				resp, err := (&http.Client{Transport: tr}).Get("http://127.0.0.1:80/1h")
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				failed <- err
			}()
			time.Sleep(time.Second)
			began := time.Now()
			b.stop()
			err := <-b.served
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "1 connections cut when the grace period ended")
			require.Equal(t, 20*time.Second, time.Since(began).Round(time.Second))
			require.Error(t, <-failed)
			tr.CloseIdleConnections()
			synctest.Wait() // what was cut counts itself
			s := b.proxy.Stats()
			require.EqualValues(t, 1, s.CutOff, s)
			require.Zero(t, b.proxy.Upstream.Stats().Endpoints[0].Failed)
		})
	}
}

func TestDrainOfHTTP2LosesNoRequest(t *testing.T) {
	inBubble(t, &Proxy{}, http.HandlerFunc(sleepy), func(b *bubble) {
		tr := &http.Transport{Protocols: protocols("h2c"), DialContext: b.memory.DialContext}
		var all sync.WaitGroup
		var wrong atomic.Int64
		for range 20 {
			all.Go(func() {
				resp, err := (&http.Client{Transport: tr}).Get("http://127.0.0.1:80/10s")
				if err != nil || resp.StatusCode != 200 {
					wrong.Add(1)
					return
				}
				io.ReadAll(resp.Body)
				resp.Body.Close()
			})
		}
		time.Sleep(time.Second)
		b.stop()
		all.Wait()
		require.Zero(t, wrong.Load())
		require.NoError(t, <-b.served)
		tr.CloseIdleConnections()
	})
}

// The listener of a pod outlives the runs of a container, and clients that keep
// their connections, and try nothing again, must not notice that there are several.
func TestRestartsUnderLoadLoseNothing(t *testing.T) {
	podtest.NoLeaks(t)
	up := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		for {
			if _, err := headOf(br); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer socket.Close()
	conns := make(chan net.Conn)
	go func() {
		for {
			c, err := socket.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	p := &Proxy{Upstream: To(up.addr())}
	var over atomic.Bool
	var asked, failed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for !over.Load() {
				c, err := net.Dial("tcp", socket.Addr().String())
				if err != nil {
					failed.Add(1)
					return
				}
				br := bufio.NewReader(c)
				for {
					io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
					resp, err := http.ReadResponse(br, nil)
					if err != nil || resp.StatusCode != 200 {
						failed.Add(1)
						break
					}
					if _, err = io.ReadAll(resp.Body); err != nil {
						failed.Add(1)
						break
					}
					if asked.Add(1); resp.Close || over.Load() {
						break
					}
				}
				c.Close()
			}
		})
	}
	for range 20 {
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		l := &handedOver{addr: socket.Addr(), conns: conns, closed: make(chan struct{})}
		go func() { served <- p.Serve(ctx, l) }()
		before := asked.Load()
		require.Eventually(t, func() bool { return asked.Load() > before+50 }, patience, time.Millisecond)
		stop()
		require.NoError(t, <-served)
	}
	over.Store(true)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	l := &handedOver{addr: socket.Addr(), conns: conns, closed: make(chan struct{})}
	go func() { served <- p.Serve(ctx, l) }()
	all.Wait()
	stop()
	require.NoError(t, <-served)
	require.Zero(t, failed.Load())
	require.Greater(t, asked.Load(), int64(1000))
}
