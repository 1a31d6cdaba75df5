package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

const isProgram = "PODPATTERNS_EXAMPLE_LOGCOLLECT"

// TestMain makes the test binary the program where a test starts it as that.
func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), isProgram+"=1")
	return cmd
}

// Several patterns, a file elsewhere, and kills in between.
func TestCollects(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "deep", "collected.log")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "logs"), 0o755))
	written := map[string]string{}
	write := func(name, text string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		defer f.Close()
		_, err = f.WriteString(text)
		require.NoError(t, err)
		written[name] += text
	}
	collected := func() string {
		text, _ := os.ReadFile(out)
		return string(text)
	}
	n := 0
	podtest.KillLoop(t, podtest.Kill{
		Kills: 10,
		Command: func() *exec.Cmd {
			return program("-root", dir, "-include", "logs/*.log", "-include", "{syslog,messages}", "-out", out, "-state", "state/of/logs")
		},
		Work: func() {
			n++
			write("logs/a.log", fmt.Sprintf("a %d\n", n))
			write("syslog", fmt.Sprintf("s %d\n", n))
			write("not.log", "not this\n")
		},
		Progress: func() int64 { return int64(len(collected())) },
		Done:     func() bool { return len(collected()) == len(written["logs/a.log"])+len(written["syslog"]) },
	})
	of := map[string]string{}
	for line := range strings.Lines(collected()) {
		of[line[:1]] += line
	}
	require.Equal(t, map[string]string{"a": written["logs/a.log"], "s": written["syslog"]}, of)
	require.FileExists(t, filepath.Join(dir, "state/of/logs"))
}

func TestPrintsStats(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be sent SIGTERM here")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.log"), []byte("one\ntwo\n"), 0o644))
	var said bytes.Buffer
	cmd := program("-root", dir, "-include", "*.log", "-out", "out")
	cmd.Stdout, cmd.Stderr = &said, os.Stderr
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "out"))
		return string(text) == "one\ntwo\n"
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
	require.Contains(t, said.String(), " Lag:0 Lines:2 Bytes:8 ")
}

func TestBadFlags(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"-include x -out y", "-root: missing", 2},
		{"-root " + dir + " -out y", "-include: missing", 2},
		{"-root " + dir + " -include x", "-out: missing", 2},
		{"-root " + dir + " -include x -out y z", `arguments that are no flags: "z"`, 2},
		{"-no-such-flag", "flag provided but not defined: -no-such-flag", 2},
		{"-root " + dir + "/absent -include x -out y", "-root: open ", 1},
		{"-root " + dir + " -include ../x -out y", `Include[0]: "../x" is not a path below the root`, 1},
		{"-root " + dir + " -include x -out ../y", `File.Path: "../y" is neither absolute nor a path below the root`, 1},
		{"-root " + dir + " -include x -out y -state /s", `Checkpoint: "/s" is not a path below the root`, 1},
	} {
		t.Run(c.want, func(t *testing.T) {
			said, err := program(strings.Fields(c.args)...).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, c.code, exit.ExitCode(), "%s", said)
			require.Contains(t, string(said), c.want)
		})
	}
}
