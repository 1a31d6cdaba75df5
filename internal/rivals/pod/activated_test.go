//go:build unix

package pod_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
)

// TestActivatedChild hands a listener to a program written for systemd, and
// restarts it under clients that open a new connection for each request.
func TestActivatedChild(t *testing.T) {
	const restarts, clients = 20, 8
	program := filepath.Join(t.TempDir(), "activated")
	out, err := exec.Command("go", "build", "-o", program, "./activated").CombinedOutput()
	require.NoError(t, err, string(out))

	p := &pod.Pod{
		Logger:     slog.New(slog.DiscardHandler),
		Containers: []pod.Container{{Name: "web", Command: []string{program}, Listen: "127.0.0.1:0"}},
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()
	var url string
	require.Eventually(t, func() bool {
		s := p.Status()
		if len(s.Containers) == 1 && s.Containers[0].Address != "" {
			url = "http://" + s.Containers[0].Address
		}
		return url != ""
	}, 10*time.Second, time.Millisecond)

	pids := map[int]bool{ask(t, url): true}
	var answered atomic.Int64
	load, endLoad := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	failures := make(chan error, clients)
	for range clients {
		busy.Go(func() {
			for load.Err() == nil {
				if _, err := request(url); err != nil {
					failures <- err
					return
				}
				answered.Add(1)
			}
		})
	}
	for range restarts {
		before := answered.Load()
		require.NoError(t, p.Restart("web"))
		pid := ask(t, url)
		require.False(t, pids[pid], "the same process answers after the restart")
		pids[pid] = true
		require.Eventually(t, func() bool { return answered.Load() >= before+10*clients || len(failures) > 0 },
			10*time.Second, time.Millisecond)
	}
	endLoad()
	busy.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	t.Logf("%d requests over %d restarts", answered.Load(), restarts)

	stop()
	require.NoError(t, <-ended)
	ended <- nil
	for pid := range pids {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	}
}

func ask(t *testing.T, url string) int {
	t.Helper()
	pid, err := request(url)
	require.NoError(t, err)
	return pid
}

// request opens a connection of its own, and returns the pid of the process that
// answered, once it is the one that the listener was meant for.
func request(url string) (pid int, err error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	var meant int
	if _, err := fmt.Fscan(r.Body, &pid, &meant); err != nil {
		return 0, err
	}
	if pid != meant {
		return 0, fmt.Errorf("LISTEN_PID was %d in process %d", meant, pid)
	}
	return pid, nil
}
