package pod_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// eventually waits for a condition in real time.
func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, 10*time.Second, time.Millisecond, what)
}

func (b *running) status(name string) pod.ContainerStatus {
	for _, c := range b.pod.Status().Containers {
		if c.Name == name {
			return c
		}
	}
	return pod.ContainerStatus{}
}

// up waits until a container runs, and returns its address for net.Dial.
func (b *running) up(name string) (network, address string) {
	b.t.Helper()
	eventually(b.t, func() bool { return b.status(name).State.Running != nil }, name)
	if path, ok := strings.CutPrefix(b.status(name).Address, "unix:"); ok {
		return "unix", path
	}
	return "tcp", b.status(name).Address
}

// An answer says which run of the server gave it.
func serveRuns(run *atomic.Int64) http.Handler {
	this := run.Add(1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, this) })
}

func get(network, address string) (string, error) {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, // a new connection for each request
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	answer, err := client.Get("http://web/")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestNoConnectionIsLostOver50Restarts(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "unix:web.sock"} {
		t.Run(listen, func(t *testing.T) {
			podtest.NoLeaks(t)
			const restarts, clients = 50, 8
			var runs, served atomic.Int64
			var between sync.WaitGroup
			var b *running
			var network, address string
			between.Go(func() {}) // so that Wait may be called before the first
			p := &pod.Pod{Containers: []pod.Container{{Name: "web", Listen: listen, Run: func(ctx context.Context, env pod.Env) error {
				this := serveRuns(&runs)
				if err := sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: this}); err != nil {
					return err
				}
				if n := runs.Load(); n <= restarts { // no lease is out now
					c, err := net.Dial(network, address)
					if err != nil {
						return fmt.Errorf("connect between run %d and the next: %w", n, err)
					}
					fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
					between.Go(func() {
						defer c.Close()
						answer, err := io.ReadAll(c)
						if err != nil || !strings.HasSuffix(string(answer), fmt.Sprintf("\r\n\r\n%d", n+1)) {
							t.Errorf("the connection opened after run %d was answered %q, %v", n, answer, err)
						}
					})
				}
				return nil
			}}}}
			b = start(t, p)
			network, address = b.up("web")

			ctx, done := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					for ctx.Err() == nil {
						if _, err := get(network, address); err != nil {
							t.Errorf("after %d requests and %d runs: %v", served.Load(), runs.Load(), err)
							return
						}
						served.Add(1)
					}
				})
			}
			for range restarts {
				seen := served.Load()
				eventually(t, func() bool { return t.Failed() || served.Load() > seen+clients }, "requests")
				require.NoError(t, p.Restart("web"))
			}
			done()
			all.Wait()
			between.Wait()
			require.NoError(t, b.stop())
			require.EqualValues(t, restarts+1, runs.Load())
			t.Logf("%d requests over %d restarts", served.Load(), restarts)
		})
	}
}

func TestARawAcceptLoopLosesNoConnectionEither(t *testing.T) {
	podtest.NoLeaks(t)
	p := &pod.Pod{Containers: []pod.Container{{Name: "echo", Listen: "127.0.0.1:0", Run: func(ctx context.Context, env pod.Env) error {
		context.AfterFunc(ctx, func() { env.Listener.Close() })
		for {
			c, err := env.Listener.Accept()
			if err != nil {
				require.ErrorIs(t, err, net.ErrClosed)
				return nil
			}
			io.Copy(c, c)
			c.Close()
		}
	}}}}
	b := start(t, p)
	network, address := b.up("echo")
	for i := range 200 {
		c, err := net.Dial(network, address)
		require.NoError(t, err)
		if i%4 == 0 {
			go p.Restart("echo")
		}
		_, err = io.WriteString(c, "hello")
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		answer, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, "hello", string(answer))
		c.Close()
	}
	require.NoError(t, b.stop())
}

func TestConnectionsWaitForHoldTimeoutAndAreResetThen(t *testing.T) {
	podtest.NoLeaks(t)
	let, goOn, drained := make(chan struct{}), make(chan struct{}), make(chan struct{})
	drain := sync.OnceFunc(func() { close(drained) })
	p := &pod.Pod{HoldTimeout: 100 * time.Millisecond, Containers: []pod.Container{
		{Name: "init", Init: true, Run: func(ctx context.Context, _ pod.Env) error { <-let; return nil }},
		{Name: "echo", Listen: "127.0.0.1:0", Run: func(ctx context.Context, env pod.Env) error {
			err := sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: http.NotFoundHandler()})
			drain()
			<-goOn
			return err
		}},
	}}
	b := start(t, p)
	eventually(t, func() bool { return b.status("echo").Address != "" }, "opened before anything starts")
	address := b.status("echo").Address
	for range 3 {
		requireReset(t, address)
	}
	close(let)
	b.up("echo")
	eventually(t, func() bool { _, err := get("tcp", address); return err == nil }, "served again")

	go p.Restart("echo") // and between two runs
	<-drained
	requireReset(t, address)
	close(goOn)
	require.NoError(t, b.stop())
}

// A run that does not stop in time must not go on answering: it is given up, and
// so is its listener.
func TestAnAbandonedRunLosesItsListener(t *testing.T) {
	slow(t)
	let := make(chan struct{})
	p := &pod.Pod{TerminationGracePeriod: 2 * time.Second, HoldTimeout: time.Millisecond, Containers: []pod.Container{
		{Name: "web", Listen: "127.0.0.1:0", Run: func(_ context.Context, env pod.Env) error {
			for {
				if _, err := env.Listener.Accept(); err != nil {
					<-let
					return nil
				}
			}
		}},
	}}
	b := start(t, p)
	_, address := b.up("web")
	require.Error(t, p.Restart("web"))
	requireReset(t, address)
	close(let)
	eventually(t, func() bool { return b.status("web").RestartCount == 1 }, "started again once it has returned")
	b.stop()
}

// requireReset connects, and is reset: while it reads, or already in connect(2).
func requireReset(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestAddressesAreKnownAndReleased(t *testing.T) {
	podtest.NoLeaks(t)
	dir := t.TempDir()
	var seen []string
	var root *os.Root
	p := &pod.Pod{Dir: dir, Containers: []pod.Container{
		{Name: "web", Listen: "127.0.0.1:0", Run: func(ctx context.Context, env pod.Env) error {
			require.Equal(t, dir, env.Dir)
			require.Equal(t, dir, env.Root.Name())
			root = env.Root
			for _, name := range []string{"web", "db", "logs", "nobody"} {
				a, err := sandbox.Addr(ctx, name)
				if err != nil {
					require.ErrorIs(t, err, sandbox.ErrUnknown)
					seen = append(seen, name+" unknown")
					continue
				}
				seen = append(seen, name+" "+a.Network())
			}
			pid, err := sandbox.Process(ctx, "logs")
			require.NoError(t, err)
			require.Equal(t, os.Getpid(), pid)
			return mainUntil(ctx, env)
		}},
		{Name: "db", Ambassador: aAmbassador, Listen: "unix:db.sock"},
		{Name: "logs", Sidecar: aSidecar},
	}}
	open := descriptors(t)
	b := start(t, p)
	network, address := b.up("web")
	require.FileExists(t, filepath.Join(dir, "db.sock"))
	require.NoError(t, b.stop())
	require.Equal(t, []string{"web tcp", "db unix", "logs unknown", "nobody unknown"}, seen)
	require.NoFileExists(t, filepath.Join(dir, "db.sock"))
	_, err := net.Dial(network, address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.LessOrEqual(t, descriptors(t), open, "no descriptor is left")
	_, err = root.Stat(".")
	require.ErrorIs(t, err, os.ErrClosed, "nor the container's root")
}

func TestAUnixSocketLeftByAKilledProcessIsReplaced(t *testing.T) {
	podtest.NoLeaks(t)
	dir, err := os.MkdirTemp("", "s") // T.TempDir is too long for the name of a socket
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "web.sock"), Net: "unix"})
	require.NoError(t, err)
	p := &pod.Pod{Dir: dir, Containers: []pod.Container{{Name: "web", Listen: "unix:web.sock", Run: mainUntil}}}
	require.ErrorIs(t, p.Run(t.Context()), syscall.EADDRINUSE, "while somebody listens there")
	old.SetUnlinkOnClose(false)
	old.Close()
	b := start(t, p)
	b.up("web")
	require.NoError(t, b.stop())
}
