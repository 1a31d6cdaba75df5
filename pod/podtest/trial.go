package podtest

import (
	"log/slog"
	"os"
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
	return &trial{TB: t, block: b, limits: b.limits, root: root, log: newOutput(t).logger()}
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
