//go:build unix

package pod_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func shell(script string) []string { return []string{"/bin/sh", "-c", script} }

// gone says whether no process with this pid runs. A zombie does not: process 1
// reaps it when it likes.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

// pidIn waits until a command has written a process id into a file.
func pidIn(t *testing.T, path string) (pid int) {
	t.Helper()
	eventually(t, func() bool {
		text, err := os.ReadFile(path)
		if err == nil && bytes.HasSuffix(text, []byte("\n")) {
			pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
			return err == nil
		}
		return false
	}, path)
	return pid
}

func TestACommandsExitCodeIsKept(t *testing.T) {
	podtest.NoLeaks(t)
	for _, test := range []struct {
		script string
		code   int
		fails  bool
	}{
		{"exit 0", 0, false}, {"exit 7", 7, true}, {"kill -KILL $$", 137, true}, {"kill -TERM $$", 143, true},
	} {
		p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{{Name: "main", Command: shell(test.script)}}}
		b := start(t, p)
		err := b.wait()
		require.Equal(t, test.code, b.status("main").State.Terminated.ExitCode, test.script)
		require.Equal(t, test.fails, err != nil, test.script)
		if test.fails {
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the error can be seen through")
		}
	}
}

func TestACommandIsStoppedByItsSignal(t *testing.T) {
	podtest.NoLeaks(t)
	for _, test := range []struct {
		name, script string
		signal       os.Signal
		code         int
		fails        bool
	}{
		{"dies of it", "echo up > up; exec sleep 60", nil, 143, false},
		{"dies of another that it is stopped by", "echo up > up; exec sleep 60", syscall.SIGQUIT, 131, false},
		{"dies of SIGKILL", "echo up > up; exec sleep 60", syscall.SIGKILL, 137, true},
		{"traps it", "trap 'exit 0' TERM; echo up > up; while :; do sleep 0.01; done", nil, 0, false},
		{"traps it and fails", "trap 'exit 3' TERM; echo up > up; while :; do sleep 0.01; done", nil, 3, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			p := &pod.Pod{Dir: dir, Containers: []pod.Container{{Name: "main", Command: shell(test.script), StopSignal: test.signal}}}
			b := start(t, p)
			eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "up")); return err == nil }, "up")
			err := b.stop()
			require.Equal(t, test.code, b.status("main").State.Terminated.ExitCode)
			require.Equal(t, test.fails, err != nil, "%v", err)
		})
	}
}

func TestACommandThatIgnoresSIGTERMIsKilledWithItsGroup(t *testing.T) {
	slow(t)
	podtest.NoLeaks(t)
	dir := t.TempDir()
	p := &pod.Pod{Dir: dir, TerminationGracePeriod: 2 * time.Second, Containers: []pod.Container{
		{Name: "main", Command: shell("trap '' TERM; (trap '' TERM; sh -c 'echo $PPID' > child; sleep 60; :) & echo $$ > main; wait; sleep 60")},
	}}
	b := start(t, p)
	child, main := pidIn(t, filepath.Join(dir, "child")), pidIn(t, filepath.Join(dir, "main"))
	require.False(t, gone(child))
	err := b.stop()
	require.ErrorContains(t, err, "exit code 137")
	require.Contains(t, b.trace.take()[3], "main ExceededGracePeriod")
	require.True(t, gone(main))
	require.True(t, gone(child))
}

func TestWhatACommandLeavesBehindIsKilled(t *testing.T) {
	podtest.NoLeaks(t)
	dir := t.TempDir()
	p := &pod.Pod{Dir: dir, RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main", Command: shell("sleep 60 & echo $! > child")},
	}}
	require.NoError(t, start(t, p).wait())
	require.True(t, gone(pidIn(t, filepath.Join(dir, "child"))))
}

func TestACommandThatIsNotThere(t *testing.T) {
	podtest.NoLeaks(t)
	for _, program := range []string{"no-such-program", "./no-such-program", "/no/such/program", "/dev/null"} {
		p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
			{Name: "main", Command: []string{program}}, {Name: "other", Run: after(0, nil)},
		}}
		b := start(t, p)
		err := b.wait()
		require.ErrorContains(t, err, filepath.Base(program))
		require.Equal(t, "RunContainerError", b.status("main").State.Terminated.Reason)
		require.Equal(t, 128, b.status("main").State.Terminated.ExitCode)
	}
	p := &pod.Pod{Containers: []pod.Container{{Name: "main", Command: []string{"no-such-program"}}}}
	b := start(t, p)
	eventually(t, func() bool {
		w := b.status("main").State.Waiting
		return w != nil && w.Reason == pod.ReasonCrashLoopBackOff
	}, "subject to the restart policy and its back-off")
	require.ErrorIs(t, b.stop(), exec.ErrNotFound)
}

func TestACommandFindsItsPod(t *testing.T) {
	podtest.NoLeaks(t)
	dir := t.TempDir()
	p := &pod.Pod{Dir: dir, RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "my-db", Ambassador: aAmbassador, Listen: "127.0.0.1:0"},
		{Name: "main", Command: shell(`pwd -P; echo "$POD_ROOT"; echo "$POD_ADDR_MY_DB"; echo "$EXTRA" >&2`), Env: []string{"EXTRA=more"}, Output: "out.txt"},
	}}
	b := start(t, p)
	require.NoError(t, b.wait())
	out, err := os.ReadFile(filepath.Join(dir, "out.txt"))
	require.NoError(t, err)
	real, err := filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%s\n%s\n%s\nmore\n", real, dir, b.status("my-db").Address), string(out))
}

// records is a log that can be read.
type records struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func TestACommandsOutputIsLoggedLineByLine(t *testing.T) {
	podtest.NoLeaks(t)
	log := &records{}
	p := &pod.Pod{
		Name: "web", RestartPolicy: pod.Never,
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
		Containers: []pod.Container{{Name: "main", Command: shell("echo one; echo; printf 'two\\r\\nthree'; head -c 70000 /dev/zero | tr '\\0' x >&2")}},
	}
	require.NoError(t, start(t, p).wait())
	var stdout []string
	split := 0
	for line := range strings.Lines(log.buf.String()) {
		require.Contains(t, line, "pod=web container=main stream=std")
		if strings.Contains(line, "stream=stdout") {
			stdout = append(stdout, strings.Fields(line)[1])
		} else {
			split += strings.Count(line, "x") // one in "exited" would be seen as well
		}
	}
	require.Equal(t, []string{"msg=one", `msg=""`, "msg=two", "msg=three"}, stdout)
	require.Equal(t, 70000, split)
}

func TestAProcessThatLeftTheGroupDoesNotHoldTheOutputUp(t *testing.T) {
	slow(t)
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("setsid is not installed")
	}
	podtest.NoLeaks(t)
	dir := t.TempDir()
	p := &pod.Pod{Dir: dir, RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main", Command: shell("setsid sh -c 'echo $$ > child; exec sleep 60' & while [ ! -s child ]; do sleep 0.01; done")},
	}}
	b := start(t, p)
	child := pidIn(t, filepath.Join(dir, "child"))
	defer syscall.Kill(child, syscall.SIGKILL) // it got away, as the doc says
	require.NoError(t, b.wait())
}

func TestTheProcessOfACommandIsFound(t *testing.T) {
	podtest.NoLeaks(t)
	dir := t.TempDir()
	found := make(chan int, 1)
	p := &pod.Pod{Dir: dir, Containers: []pod.Container{
		{Name: "main", Command: shell("echo $$ > main; exec sleep 60")},
		{Name: "other", Run: func(ctx context.Context, env pod.Env) error {
			eventually(t, func() bool {
				pid, err := sandbox.Process(ctx, "main")
				if err == nil {
					found <- pid
				}
				return err == nil
			}, "its process")
			return mainUntil(ctx, env)
		}},
	}}
	b := start(t, p)
	require.Equal(t, pidIn(t, filepath.Join(dir, "main")), <-found)
	require.NoError(t, b.stop())
}

func TestOnFailureRestartsACommandThatAProbeHadStopped(t *testing.T) {
	podtest.NoLeaks(t)
	p := &pod.Pod{RestartPolicy: pod.OnFailure, Containers: []pod.Container{{
		Name: "main", Command: []string{"sleep", "60"},
		Liveness: &pod.Probe{Handler: pod.HandlerFunc(func(context.Context) error { return errBoom }), FailureThreshold: 1},
	}}}
	b := start(t, p)
	eventually(t, func() bool { return b.status("main").RestartCount > 0 }, "started again")
	require.Equal(t, 143, b.status("main").LastState.Terminated.ExitCode)
	require.Contains(t, b.status("main").LastState.Terminated.Message, "Liveness probe failed: boom")
	b.stop()
}

func TestAListenerOfThePodsProcessIsNotTheCommands(t *testing.T) {
	for _, name := range []string{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
		t.Setenv(name, "1")
	}
	dir := t.TempDir()
	p := &pod.Pod{Dir: dir, RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "main", Command: shell(`env | grep "^LISTEN_"; echo done`), Output: "env"},
	}}
	require.NoError(t, p.Run(t.Context()))
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	require.NoError(t, err)
	require.Equal(t, "done\n", string(env))
}

func TestAnOutputThatIsNoFileIsRefusedAtOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	read, err := os.OpenFile(filepath.Join(dir, "pipe"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	for _, why := range []string{"pipe is no regular file", "no such device"} {
		p := &pod.Pod{Dir: dir, RestartPolicy: pod.Never, Containers: []pod.Container{
			{Name: "main", Command: shell("true"), Output: "pipe"},
		}}
		require.ErrorContains(t, p.Run(t.Context()), why)
		read.Close() // for the second: nobody reads it
	}
}
