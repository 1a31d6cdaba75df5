package podtest

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A recorder is the test that a rule fails or passes.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// record runs check with a recorder, and returns what it has failed with.
func record(t testing.TB, check func(testing.TB)) []string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, f := range slices.Backward(r.cleanups) {
				f()
			}
		}()
		check(r)
	}()
	<-done
	return r.failures
}

// quick are limits for blocks that are known to be broken.
var quick = limits{
	patience: time.Second,
	prompt:   500 * time.Millisecond,
	settle:   30 * time.Millisecond,
	grace:    300 * time.Millisecond,
	long:     time.Minute,
}

// A broken implementation, and what the rules that it breaks say of it.
type broken struct {
	name  string
	block *block
	fails map[string]string // by the rule's name, a part of the message
}

// testBroken tries them at the same time, because they wait for most of it. Only
// what leaves something behind is tried alone.
func testBroken(t *testing.T, all []broken) {
	const left = "nothing left behind"
	failed := make([]map[string]string, len(all))
	var together sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i, c := range all {
		if _, alone := c.fails[left]; !alone {
			together.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				failed[i] = c.failures(t, left)
			})
		}
	}
	together.Wait()
	for i, c := range all {
		if failed[i] == nil {
			failed[i] = c.failures(t)
		}
		t.Run(c.name, func(t *testing.T) { c.check(t, failed[i]) })
	}
}

// failures puts the implementation through all rules but some.
func (c broken) failures(t *testing.T, but ...string) map[string]string {
	c.block.limits = quick
	failed := map[string]string{}
	c.block.test(func(name string, check func(testing.TB)) bool {
		if slices.Contains(but, name) {
			return true
		}
		failures := record(t, check)
		if len(failures) > 0 {
			failed[name] = strings.Join(failures, "\n")
		}
		return len(failures) == 0
	})
	return failed
}

func (c broken) check(t *testing.T, failed map[string]string) {
	for name, message := range failed {
		part, expected := c.fails[name]
		require.True(t, expected, "rule %q failed: %s", name, message)
		require.Contains(t, message, part)
	}
	for name := range c.fails {
		require.Contains(t, failed, name, "the broken rule did not fail")
	}
}

func TestLogEndsWithTheTest(t *testing.T) {
	var late *slog.Logger
	t.Run("over", func(t *testing.T) { late = newTrial(t, &block{}).log })
	late.Info("testing panics if this reaches it")
}
