//go:build unix

package pod_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const childVariable = "PODPATTERNS_POD_TEST_CHILD"

// children are what the test binary is when it is started as a child.
var children = map[string]func(context.Context) error{
	"activated": serveActivated,
	"parent":    func(ctx context.Context) error { return parent(os.Getenv("DIR")).Run(ctx) },
	"web":       func(ctx context.Context) error { return split(os.Getenv("DIR")).RunContainer(ctx, "web") },
	"front":     func(ctx context.Context) error { return stopped(os.Getenv("DIR")).RunContainer(ctx, "front") },
	"logs":      func(ctx context.Context) error { return stopped(os.Getenv("DIR")).RunContainer(ctx, "logs") },
	"caller":    func(ctx context.Context) error { return stopped(os.Getenv("DIR")).RunContainer(ctx, "caller") },
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
