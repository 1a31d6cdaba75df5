package podtest

import (
	"runtime"
	"slices"
	"strings"
	"time"
)

// nothingLeft: when a run has returned, all that it has started or opened has
// ended and is closed.
func nothingLeft(t *trial) {
	exercise(t) // what a process opens once and keeps is open from now on
	running, files := goroutines(), openFiles()
	for _, r := range exercise(t) {
		if r.lease == nil {
			continue
		}
		if !isDone(r.lease.closed) {
			t.Errorf("%s must close its listener, and returned without", r.name)
		}
		var open []string
		if !eventually(t.limits.prompt, func() bool { open = r.lease.open(); return len(open) == 0 }) {
			t.Errorf("%s must close the connections it has accepted, and left %d open, from %s", r.name, len(open), strings.Join(open, ", "))
		}
		r.lease.Listener.Close()
	}
	if left := goroutinesLeft(running, t.limits.prompt); len(left) > 0 {
		t.Errorf("%s must end the goroutines it has started, and left %d:\n\n%s", t.block.method, len(left), strings.Join(left, "\n\n"))
	}
	var left []string
	if !eventually(t.limits.prompt, func() bool { left = filesLeft(files); return len(left) == 0 }) {
		t.Errorf("%s must close the files it has opened, and left %s open", t.block.method, strings.Join(left, ", "))
	}
}

// exercise runs new values in the ways that leave most behind, and returns the
// runs when they have ended.
func exercise(t *trial) []*run {
	t.Helper()
	early := t.prepare(t.block.new(), t.limits.grace)
	early.name += ", called with its ctx done,"
	early.cancel()
	early.begin()
	early.hasEnded(t.limits.prompt)

	r := t.start(t.block.new(), t.limits.grace)
	r.up()
	release := r.occupy()
	r.cancel()
	within(t.limits.grace+t.limits.settle, r.done)
	release()
	r.hasEnded(t.limits.prompt)
	return []*run{early, r}
}

func (r *run) hasEnded(limit time.Duration) {
	r.Helper()
	if !within(limit, r.done) {
		r.Fatalf("what %s leaves behind cannot be seen: it does not return", r.name)
	}
}

// filesLeft returns what is open more often than before. Only where that is
// nothing but pipes it collects garbage: package net keeps those of splice(2) in a
// sync.Pool, and a file that was left open would be closed by its finalizer too.
func filesLeft(before map[string]int) []string {
	var left []string
	onlyPipes := true
	for file, n := range openFiles() {
		if n > before[file] {
			left = append(left, file)
			onlyPipes = onlyPipes && strings.HasPrefix(file, "pipe:")
		}
	}
	if len(left) > 0 && onlyPipes {
		runtime.GC()
	}
	slices.Sort(left)
	return left
}
