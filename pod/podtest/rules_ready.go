package podtest

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// readiness: Ready blocks until the current run is ready, or its own ctx ends.
func readiness(t *trial) {
	v := t.block.new()
	notReady(t, v, "before any run")
	for _, when := range []string{"the first run", "the second run"} {
		waiting := t.callReady(v, t.limits.patience)
		r := t.start(v, t.limits.long)
		r.name = when
		r.wasReady(waiting)
		r.awaitReady()
		r.stopNow()
		notReady(t, v, "after "+when)
	}
}

// A readyCall is one call of Ready.
type readyCall struct {
	ctx  context.Context
	done chan struct{}
	// Set before done is closed.
	err   error
	late  bool // it returned after its ctx had ended
	crash string
}

func (t *trial) callReady(v instance, patience time.Duration) *readyCall {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := &readyCall{ctx: ctx, done: make(chan struct{})}
	go c.call(v)
	return c
}

func (c *readyCall) call(v instance) {
	defer close(c.done)
	defer func() {
		if p := recover(); p != nil {
			c.crash = fmt.Sprintf("panicked: %v\n%s", p, debug.Stack())
		}
	}()
	c.err = v.ready(c.ctx)
	c.late = c.ctx.Err() != nil
}

// awaitReady fails if the run does not get ready.
func (r *run) awaitReady() {
	r.Helper()
	r.wasReady(r.callReady(r.value, r.limits.patience))
}

func (r *run) wasReady(c *readyCall) {
	r.Helper()
	within(r.limits.patience+r.limits.prompt, c.done)
	switch {
	case !isDone(c.done):
		r.Fatalf("Ready must return when its ctx ends, but %v later it still blocks", r.limits.prompt)
	case c.crash != "":
		r.Fatalf("Ready %s", c.crash)
	case c.err != nil && isDone(r.done):
		r.isUp()
	case c.err != nil && c.late:
		r.Fatalf("Ready must return nil when %s is ready, but within %v it is not: %v", r.name, r.limits.patience, c.err)
	case c.err != nil:
		r.Fatalf("Ready must block until %s is ready, but it returned the error %q", r.name, c.err)
	}
}

// notReady fails if Ready does not block until its ctx ends.
func notReady(t *trial, v instance, when string) {
	t.Helper()
	c := t.callReady(v, t.limits.settle)
	within(t.limits.settle+t.limits.prompt, c.done)
	switch {
	case !isDone(c.done):
		t.Fatalf("Ready must return when its ctx ends, but %s, %v later, it still blocks", when, t.limits.prompt)
	case c.crash != "":
		t.Fatalf("Ready, %s, %s", when, c.crash)
	case c.err == nil:
		t.Fatalf("Ready must tell whether the current run is ready, but %s it returned nil", when)
	case !c.late:
		t.Fatalf("Ready must block until a run is ready or its ctx ends, but %s it returned the error %q at once", when, c.err)
	}
}
