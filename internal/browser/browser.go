//go:build unix

package browser

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Browser is Chromium without a window.
type Browser struct {
	t    *testing.T
	path string
}

// Find returns Debian's chromium. Where it is not installed t is skipped, but
// fails where CI=true.
func Find(t *testing.T) Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds of real time")
	}
	for _, name := range []string{"chromium", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return Browser{t, path}
		}
	}
	const missing = "no chromium in PATH; Debian's package chromium has it"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return Browser{}
}

// Look has it open a page, live with it for four seconds of virtual time, and do
// what flags say. It returns what it prints, and what it logs, the page's console
// included.
func (b Browser) Look(address string, flags ...string) (out, log string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 90*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "browser") // T.TempDir is too long for the name of a socket
	if err != nil {
		b.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir=" + dir, "--enable-logging=stderr", "--virtual-time-budget=4000", "--window-size=1180,1400",
	}, append(flags, address)...)
	cmd := exec.CommandContext(ctx, b.path, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it may have left
	if err != nil {
		b.t.Fatalf("%v: %s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}
