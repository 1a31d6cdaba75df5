//go:build unix

package pod_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

const childVariable = "PODPATTERNS_POD_TEST_CHILD"

// children are what the test binary is when it is started as a child.
var children = map[string]func(context.Context) error{
	"activated": serveActivated,
	"parent":    func(ctx context.Context) error { return parent(os.Getenv("DIR")).Run(ctx) },
	"web":       func(ctx context.Context) error { return split(os.Getenv("DIR")).RunContainer(ctx, "web") },
	"proxy":     func(ctx context.Context) error { return split(os.Getenv("DIR")).RunContainer(ctx, "proxy") },
}

// begin starts the test binary as a child.
func begin(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name, "DIR="+dir)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

// serveActivated serves what it was handed, as sd_listen_fds(3) says.
func serveActivated(ctx context.Context) error {
	if pid := os.Getenv("LISTEN_PID"); pid != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("LISTEN_PID is %q and not %d", pid, os.Getpid())
	}
	if n := os.Getenv("LISTEN_FDS"); n != "1" {
		return fmt.Errorf("LISTEN_FDS is %q", n)
	}
	if names := os.Getenv("LISTEN_FDNAMES"); names != "web" {
		return fmt.Errorf("LISTEN_FDNAMES is %q", names)
	}
	l, err := net.FileListener(os.NewFile(3, "web"))
	if err != nil {
		return err
	}
	return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getpid())
	})})
}

func TestACommandIsHandedItsListenerAndLosesNoConnectionOverRestarts(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "unix:web.sock"} {
		t.Run(listen, func(t *testing.T) {
			podtest.NoLeaks(t)
			p := &pod.Pod{Containers: []pod.Container{
				{Name: "web", Command: []string{os.Args[0]}, Env: []string{childVariable + "=activated"}, Listen: listen},
			}}
			b := start(t, p)
			network, address := b.up("web")
			var served atomic.Int64
			ctx, done := context.WithCancel(t.Context())
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					for ctx.Err() == nil {
						if _, err := get(network, address); err != nil {
							t.Errorf("after %d requests: %v", served.Load(), err)
							return
						}
						served.Add(1)
					}
				})
			}
			pids := map[string]bool{}
			for range 5 {
				pid, err := get(network, address)
				require.NoError(t, err)
				pids[pid] = true
				require.NoError(t, p.Restart("web"))
			}
			done()
			clients.Wait()
			require.NoError(t, b.stop())
			require.Len(t, pids, 5, "a process for each run")
		})
	}
}

func parent(dir string) *pod.Pod {
	return &pod.Pod{Dir: dir, Containers: []pod.Container{
		{Name: "main", Command: shell("echo $$ > main; exec sleep 60")},
	}}
}

func TestACommandDiesWithItsPodsProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("a parent-death signal is there on linux only")
	}
	dir := t.TempDir()
	cmd := begin(t, "parent", dir)
	pid := pidIn(t, filepath.Join(dir, "main"))
	require.False(t, gone(pid))
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	eventually(t, func() bool { return gone(pid) }, "killed with its parent")
}

// split is a pod whose containers run in processes of their own.
func split(dir string) *pod.Pod {
	return &pod.Pod{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Containers: []pod.Container{
			{Name: "logs", Sidecar: sidecar.Func(until)},
			{Name: "proxy", Listen: "127.0.0.1:0", Ambassador: aAmbassador},
			{Name: "web", Listen: "127.0.0.1:0", Run: func(ctx context.Context, env pod.Env) error {
				var runs atomic.Int64
				return sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: serveRuns(&runs)})
			}},
		},
	}
}

func TestContainersInProcessesOfTheirOwnFindOneAnother(t *testing.T) {
	dir := t.TempDir()
	web := begin(t, "web", dir)

	// This process is the container logs, and looks for the others.
	type found struct {
		web   net.Addr
		pid   int
		proxy error
	}
	looks := make(chan found)
	p := split(dir)
	p.Observer = func(pod.Event) {}
	p.Containers[0].Sidecar = sidecar.Func(func(ctx context.Context, _ *os.Root) error {
		for ctx.Err() == nil {
			var f found
			f.web, _ = sandbox.Addr(ctx, "web")
			f.pid, _ = sandbox.Process(ctx, "web")
			_, f.proxy = sandbox.Addr(ctx, "proxy")
			select {
			case looks <- f:
			case <-ctx.Done():
			}
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.RunContainer(ctx, "logs") }()
	await := func(ok func(found) bool) (f found) {
		t.Helper()
		eventually(t, func() bool { f = <-looks; return ok(f) }, "found")
		return f
	}

	f := await(func(f found) bool { return f.pid != 0 })
	require.Equal(t, web.Process.Pid, f.pid)
	_, err := get("tcp", f.web.String())
	require.NoError(t, err)
	require.ErrorIs(t, f.proxy, sandbox.ErrUnknown)

	again := begin(t, "web", dir)
	require.Error(t, again.Wait(), "the container runs on this directory already")

	require.NoError(t, web.Process.Kill()) // its mark must not outlive it
	web.Wait()
	await(func(f found) bool { return f.pid == 0 && f.web == nil })
	web = begin(t, "web", dir)
	await(func(f found) bool { return f.pid == web.Process.Pid })
	require.NoError(t, web.Process.Signal(syscall.SIGTERM))
	require.NoError(t, web.Wait(), "a clean stop")

	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, "logs", p.Status().Containers[0].Name)
	left, err := filepath.Glob(filepath.Join(dir, ".pod", "*.json"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRunContainerEndsWithAMainAndRestartsAHelper(t *testing.T) {
	for _, test := range []struct {
		name string
		ends bool
	}{{"init", true}, {"main", true}, {"helper", false}} {
		p := &pod.Pod{RestartPolicy: pod.OnFailure, Observer: func(pod.Event) {}, Containers: []pod.Container{
			{Name: "init", Init: true, Run: asMain(scripted(errBoom, nil))},
			{Name: "helper", Sidecar: sidecar.Func(scripted(nil))},
			{Name: "main", Run: asMain(scripted(errBoom, nil))},
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		require.NoError(t, p.RunContainer(ctx, test.name))
		require.Equal(t, test.ends, ctx.Err() == nil, test.name)
		require.Equal(t, 1, p.Status().Containers[0].RestartCount)
		cancel()
	}
}
