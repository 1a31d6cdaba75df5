//go:build unix

package pod_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain makes the test binary a child where it is told to. Otherwise it holds
// all tests together to what each Run promises: that nothing is left of it.
func TestMain(m *testing.M) {
	if child, ok := children[os.Getenv(childVariable)]; ok {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := child(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	dir, err := os.MkdirTemp("", "pod-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("TMPDIR", dir)
	os.Setenv("GORACE", "atexit_sleep_ms=0") // children under the race detector would wait 1 s at their end
	code := m.Run()
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range left {
		fmt.Println("left behind:", path)
		code = 1
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		fmt.Println("a child process is left behind:", pid, err)
		code = 1
	}
	os.RemoveAll(dir)
	os.Exit(code)
}
