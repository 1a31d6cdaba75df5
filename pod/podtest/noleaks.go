package podtest

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// leakPatience is for goroutines that are on their way out: nothing tells when
// one has gone.
const leakPatience = 2 * time.Second

// NoLeaks fails t if goroutines are left at its end that were not there when
// NoLeaks was called, with the stack of each. Those that are about to end are
// given 2 s.
//
// Call it first of all: it checks after the cleanups that are registered later.
// It sees the goroutines of the whole process, so t must not run in parallel with
// other tests. An HTTP client's idle connections have goroutines: close them with
// its CloseIdleConnections. In a bubble of testing/synctest it may be called inside or outside.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		t.Helper()
		if left := goroutinesLeft(before, leakPatience); len(left) > 0 {
			t.Errorf("%d goroutines are left:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

// goroutinesLeft returns the stacks of those that are not in before and do not go
// within patience.
func goroutinesLeft(before map[string]string, patience time.Duration) []string {
	var left map[string]string
	eventually(patience, func() bool {
		left = goroutines()
		for id, stack := range left {
			if _, known := before[id]; known || forLife(stack) {
				delete(left, id)
			}
		}
		return len(left) == 0
	})
	return slices.Sorted(maps.Values(left))
}

// forLife tells the goroutines that the runtime and the standard library start
// once, when they are first needed, and never end.
func forLife(stack string) bool {
	for _, f := range []string{"\nos/signal.signal_recv(", "\nos/signal.loop(", "\nruntime.ensureSigM"} {
		if strings.Contains(stack, f) {
			return true
		}
	}
	return false
}

// goroutines returns the stack of each goroutine but the caller's, by its id.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	all := strings.Split(strings.TrimSpace(string(buf[:n])), "\n\n")
	byID := make(map[string]string, len(all))
	for _, stack := range all[1:] { // the caller's is the first
		byID[goroutineID(stack)] = stack
	}
	return byID
}

// goroutineID reads the id in the header of a stack.
func goroutineID(stack string) string {
	var id string
	fmt.Sscanf(stack, "goroutine %s", &id)
	return id
}

// ownGoroutineID returns the caller's id.
func ownGoroutineID() string {
	buf := make([]byte, 64)
	return goroutineID(string(buf[:runtime.Stack(buf, false)]))
}

// eventually asks again and again until done is true or patience has passed.
func eventually(patience time.Duration, done func() bool) bool {
	deadline := time.Now().Add(patience)
	pause := time.Millisecond
	for !done() {
		if !time.Now().Before(deadline) {
			return false
		}
		<-time.After(pause)
		pause = min(2*pause, 50*time.Millisecond)
	}
	return true
}
