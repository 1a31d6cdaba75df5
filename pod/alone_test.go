//go:build unix

package pod_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

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
	slow(t)
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

	f := await(func(f found) bool { return f.pid != 0 && f.web != nil })
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

// Whoever stops everything at once finds the helpers serving until the main
// container has ended: three processes are told together, the main one goes on for
// a while, and its calls through the proxy are answered to the last.
func TestHelpersServeUntilTheMainContainerHasEnded(t *testing.T) {
	slow(t)
	for _, how := range []string{"stops", "is killed"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			proxy, logs := begin(t, "front", dir), begin(t, "logs", dir)
			eventually(t, func() bool { return len(marked(t, dir)) == 2 }, "the helpers run")
			web := begin(t, "caller", dir)
			eventually(t, func() bool { return len(marked(t, dir)) == 3 }, "all run")
			for _, c := range []*exec.Cmd{web, proxy, logs} {
				require.NoError(t, c.Process.Signal(syscall.SIGTERM))
			}
			if how == "is killed" {
				eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "draining")); return err == nil }, "draining")
				require.NoError(t, web.Process.Kill())
				web.Wait()
			} else {
				require.NoError(t, web.Wait(), "every call of its drain was answered")
			}
			told := time.Now()
			require.NoError(t, proxy.Wait())
			require.NoError(t, logs.Wait())
			require.Less(t, time.Since(told), 5*time.Second, "and then they end")
		})
	}
}

// marked are the containers whose mark says that they run.
func marked(t *testing.T, dir string) (run []string) {
	all, err := filepath.Glob(filepath.Join(dir, ".pod", "*.json"))
	require.NoError(t, err)
	for _, path := range all {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte("pid")) {
			run = append(run, path)
		}
	}
	return run
}

// stopped is a pod whose main container calls its ambassador for a second after it
// was told to stop.
func stopped(dir string) *pod.Pod {
	return &pod.Pod{Dir: dir, Logger: slog.New(slog.DiscardHandler), Containers: []pod.Container{
		{Name: "logs", Sidecar: sidecar.Func(until)},
		{Name: "front", Listen: "127.0.0.1:0", Ambassador: ambassador.Func(func(ctx context.Context, l net.Listener) error {
			return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
		})},
		{Name: "caller", Run: func(ctx context.Context, env pod.Env) error {
			<-ctx.Done()
			if err := env.Root.WriteFile("draining", nil, 0o644); err != nil {
				return err
			}
			front, err := sandbox.Addr(ctx, "front")
			for began := time.Now(); err == nil && time.Since(began) < time.Second; {
				_, err = get(front.Network(), front.String())
			}
			return err
		}},
	}}
}

func TestRunContainerEndsWithAMainAndRestartsAHelper(t *testing.T) {
	p := &pod.Pod{RestartPolicy: pod.OnFailure, Observer: func(pod.Event) {}, Containers: []pod.Container{
		{Name: "init", Init: true, Run: asMain(scripted(errBoom, nil))},
		{Name: "helper", Sidecar: sidecar.Func(scripted(nil))},
		{Name: "main", Run: asMain(scripted(errBoom, nil))},
	}}
	for _, name := range []string{"init", "main"} {
		require.NoError(t, p.RunContainer(t.Context(), name))
		require.Equal(t, 1, p.Status().Containers[0].RestartCount)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.RunContainer(ctx, "helper") }()
	eventually(t, func() bool {
		helper := p.Status().Containers[0]
		return helper.Name == "helper" && helper.RestartCount == 1 && helper.State.Running != nil
	}, "a helper that returned nil is started again")
	cancel()
	require.NoError(t, <-ended)
}

func TestLingerIsTheTimeToWaitForTheMains(t *testing.T) {
	dir := t.TempDir()
	main := split(dir)
	main.Observer = func(pod.Event) {}
	ctx, stopMain := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- main.RunContainer(ctx, "web") }()
	eventually(t, func() bool { return len(marked(t, dir)) == 1 }, "the main container runs")
	for linger, lingers := range map[time.Duration]bool{-1: false, 100 * time.Millisecond: true} {
		p := split(dir)
		p.Linger = linger
		seen := make(chan string, 100)
		p.Observer = func(e pod.Event) { seen <- e.Reason }
		ctx, stop := context.WithCancel(t.Context())
		helper := make(chan error, 1)
		go func() { helper <- p.RunContainer(ctx, "logs") }()
		require.Equal(t, pod.ReasonStarted, <-seen)
		told := time.Now()
		stop()
		require.NoError(t, <-helper)
		require.Equal(t, lingers, <-seen == pod.ReasonLingering)
		require.Equal(t, lingers, time.Since(told) >= 100*time.Millisecond)
	}
	stopMain()
	require.NoError(t, <-ended)
}
