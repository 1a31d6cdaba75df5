package podtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A run is one call of the block's method.
type run struct {
	*trial
	value  instance
	name   string // of the call, in messages
	lease  *lease // nil: it was given no listener
	ctx    context.Context
	cancel context.CancelFunc // what stops it
	kill   context.CancelFunc // what ends its grace period

	id   string        // of its goroutine
	done chan struct{} // closed when the call has ended
	// Set before done is closed.
	err   error
	crash string
	ended time.Time
}

// prepare makes a run that has not begun.
func (t *trial) prepare(v instance, grace time.Duration) *run {
	t.Helper()
	r := &run{trial: t, value: v, name: t.block.method, done: make(chan struct{})}
	killed, kill := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	s := &sandbox.Sandbox{Logger: t.log, Root: t.root, Grace: grace, Killed: killed}
	r.ctx, r.cancel, r.kill = s.Context(ctx), cancel, kill
	if t.block.listens {
		r.lease = t.listen()
	}
	return r
}

// begin calls the block's method in a goroutine of its own, and makes sure that
// the end of the trial is not held up by it.
func (r *run) begin() *run {
	id := make(chan string)
	go r.call(id)
	r.id = <-id
	r.Cleanup(r.abandon)
	return r
}

func (t *trial) start(v instance, grace time.Duration) *run {
	t.Helper()
	return t.prepare(v, grace).begin()
}

func (r *run) call(id chan<- string) {
	returned := false
	defer close(r.done)
	defer func() {
		r.ended = time.Now()
		if v := recover(); v != nil {
			r.crash = fmt.Sprintf("panicked: %v\n%s", v, debug.Stack())
		} else if !returned {
			r.crash = "ended its goroutine by runtime.Goexit"
		}
	}()
	id <- ownGoroutineID()
	var l net.Listener
	if r.lease != nil {
		l = r.lease
	}
	r.err = r.value.run(r.ctx, r.root, l)
	returned = true
}

// abandon ends the run by all means there are, and does not wait for ever.
func (r *run) abandon() {
	r.cancel()
	r.kill()
	if r.lease != nil {
		r.lease.Listener.Close()
	}
	if !within(r.limits.prompt, r.done) {
		r.Logf("%s still runs at the end of this test, and was left to itself", r.name)
	}
}

// outcome says how the call ended.
func (r *run) outcome() string {
	switch {
	case r.crash != "":
		return r.crash
	case r.err != nil:
		return fmt.Sprintf("returned the error %q", r.err)
	}
	return "returned nil"
}

// clean tells whether the call ended as one that was stopped.
func (r *run) clean() bool {
	return r.crash == "" && (r.err == nil || errors.Is(r.err, r.ctx.Err()) || errors.Is(r.err, context.Cause(r.ctx)))
}

// completed tells whether the run is one of a sidecar that has done its work.
func (r *run) completed() bool {
	return r.block.completes && r.clean() && r.err == nil
}

// up waits until the run is ready and serves.
func (r *run) up() {
	r.Helper()
	if r.value.ready != nil {
		r.awaitReady()
	}
	switch {
	case r.lease != nil:
		r.serves()
	case within(r.limits.settle, r.done):
		r.isUp()
	}
}

// isUp fails if the run has ended, unless it may.
func (r *run) isUp() {
	r.Helper()
	if isDone(r.done) && !r.completed() {
		r.Fatalf("%s must go on until its ctx is done, but it %s", r.name, r.outcome())
	}
}

// serves opens a connection, sees it accepted, and closes it.
func (r *run) serves() {
	r.Helper()
	c := r.dial()
	defer c.Close()
	r.accepted(c)
}

func (r *run) dial() net.Conn {
	r.Helper()
	c, err := r.tryDial()
	if err != nil {
		within(r.limits.settle, r.done) // to say how it ended, if it does
		r.isUp()
		r.Fatalf("%s must accept connections until its ctx is done, but its listener refuses them: %v", r.name, err)
	}
	return c
}

func (r *run) tryDial() (net.Conn, error) {
	c, err := net.DialTimeout("tcp", r.lease.Addr().String(), r.limits.patience)
	if err == nil {
		r.Cleanup(func() { c.Close() })
	}
	return c, err
}

func (r *run) accepted(c net.Conn) {
	r.Helper()
	select {
	case <-r.lease.arrival(c):
	case <-r.done:
		r.isUp()
	case <-time.After(r.limits.patience):
		r.Fatalf("%s does not accept: a connection has waited for %v\n%s", r.name, r.limits.patience, r.stack())
	}
}

// stopNow ends ctx and has the run return at once, cleanly.
func (r *run) stopNow() {
	r.Helper()
	r.cancel()
	r.returns(r.limits.prompt, fmt.Sprintf("must return soon after its ctx is done, with nothing left to finish, but %v later it still runs", r.limits.prompt))
	if !r.clean() {
		r.Fatalf("%s must return nil or the error of its ctx once that is done, but it %s", r.name, r.outcome())
	}
}

// returns waits for the end of the call.
func (r *run) returns(limit time.Duration, rule string) {
	r.Helper()
	if within(limit, r.done) {
		return
	}
	stack := r.stack()
	r.kill()
	and := "nor did it return when it was killed"
	if within(r.limits.prompt, r.done) {
		and = "it returned only when it was killed"
	}
	r.Fatalf("%s %s; %s. It was here:\n%s", r.name, rule, and, stack)
}

// stack returns where the call is.
func (r *run) stack() string { return goroutines()[r.id] }
