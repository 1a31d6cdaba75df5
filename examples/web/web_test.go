package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const listens = `web listens on (\S+)$`

func TestServedIsLoggedIsCollected(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, flags []string) {
		p := start(t, append(flags, "-for", "3s")...)
		p.wait(0)
		p.requireCounts()
		said := strings.Join(p.said, "\n")
		for _, line := range []string{
			"operator: rotate the access log",
			"operator: crash the collector",
			"operator: restart the web server",
			"operator: restart the collector",
			" and 0 that had no whole answer",
		} {
			require.Contains(t, said, line)
		}
		require.Equal(t, 1, strings.Count(said, "Restart Count:  1"), "the web server was restarted")
		require.Equal(t, 1, strings.Count(said, "Restart Count:  2"), "the collector has crashed, and was restarted")
		if runtime.GOOS == "linux" {
			require.Regexp(t, `monitor: the .*web server.* has used \d+\.\d\d s of CPU and uses [1-9]\d*\.\d MiB of RAM`, said)
		}
	})
}

func TestKeepsNamedDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shared")
	p := start(t, "-for", "1s", "-dir", dir)
	p.wait(0)
	p.requireCounts()
	logged, collected, err := count(dir)
	require.NoError(t, err)
	require.Positive(t, logged)
	require.Equal(t, logged, collected)

	again := start(t, "-for", "1s", "-dir", dir)
	again.wait(2)
	require.Contains(t, again.said[0], "has the logs of an earlier run")
}

func TestSignalStopsInOrder(t *testing.T) {
	t.Parallel()
	skipOnWindows(t)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t)
			p.await("[1-9][0-9]* requests served")
			p.signal(s)
			p.wait(0)
			p.requireCounts()
		})
	}
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	skipOnWindows(t)
	eachServer(t, func(t *testing.T, flags []string) {
		p := start(t, flags...)
		web := p.await(listens)
		p.await("[1-9][0-9]* requests served")
		slow, err := net.Dial("tcp", web) // has the server wait for the rest of its request
		require.NoError(t, err)
		defer slow.Close()
		_, err = slow.Write([]byte("GET / HTTP/1.1\r\n"))
		require.NoError(t, err)
		p.signal(syscall.SIGINT)
		p.await("web +Killing")
		p.signal(syscall.SIGINT)
		second := time.Now()
		p.wait(1)
		require.Less(t, time.Since(second), 4*time.Second, "how long the second signal took")
	})
}

func TestKilledLeavesNoNginx(t *testing.T) {
	t.Parallel()
	needNginx(t)
	p := start(t, "-nginx")
	p.await("[1-9][0-9]* requests served")
	require.NotEmpty(t, processesBelow(p.temp))
	require.NoError(t, p.cmd.Process.Kill())
	for range p.lines {
	}
	requireNothingRuns(t, p.temp)
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-for soon":            `invalid value "soon" for flag -for`,
		"-for -1s":             "-for: -1s is negative",
		"now":                  `arguments that are no flags: ["now"]`,
		"-container db -dir .": `there is no "db", only logs, backend, metrics, web`,
		"-container web":       "needs -dir",
		"-no-such-flag":        "flag provided but not defined: -no-such-flag",
		"-dir web_test.go":     "not a directory",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			p := start(t, strings.Fields(args)...)
			p.wait(2)
			require.Contains(t, p.said[0], want)
		})
	}
}

func skipOnWindows(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process can't be sent SIGINT or SIGTERM here")
	}
}
