package podtest

import (
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// A trial is one rule at work on one block.
type trial struct {
	testing.TB
	block  *block
	limits limits
	root   *os.Root
	log    *slog.Logger
}

func newTrial(t testing.TB, b *block) *trial {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	w := &logWriter{t: t}
	t.Cleanup(w.end)
	log := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return &trial{TB: t, block: b, limits: b.limits, root: root, log: log}
}

// A logWriter writes to the test's log until the test has ended: testing panics
// on a later Log, and a broken block outlives its test.
type logWriter struct {
	mu    sync.Mutex
	t     testing.TB
	ended bool
}

func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.t.Log(strings.TrimSuffix(string(b), "\n"))
	}
	return len(b), nil
}

func (w *logWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
}

// within waits for done, for at most d.
func within(d time.Duration, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(d):
		return isDone(done) // both may have come
	}
}

func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
