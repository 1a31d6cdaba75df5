package podtest

import (
	"fmt"
	"runtime"
	"time"
)

// start: a run becomes ready, serves, and goes on until it is stopped.
func start(t *trial) {
	t.block.completes = !t.block.listens // it may, and this tells whether it does
	r := t.start(t.block.new(), t.limits.grace)
	r.up()
	within(t.limits.settle, r.done)
	r.isUp()
	if r.lease != nil {
		r.serves() // also a second connection
	}
	t.block.completes = isDone(r.done)
}

// stop: a run that has nothing to finish returns soon, and cleanly.
func stop(t *trial) {
	r := t.start(t.block.new(), t.limits.long)
	r.up()
	r.stopNow()
}

// stopBeforeReady: ctx may be done at any moment, also before the call.
func stopBeforeReady(t *trial) {
	r := t.prepare(t.block.new(), t.limits.long)
	r.name += ", called with its ctx done,"
	r.cancel()
	r.begin()
	r.stopNow()

	const moments = 8
	for i := range moments {
		r := t.start(t.block.new(), t.limits.long)
		r.name += ", whose ctx was done before it was ready,"
		for range i * i {
			runtime.Gosched()
		}
		r.stopNow()
	}
}

// stopWhileBusy: what does not end in time holds a run up until the grace period
// ends, and no longer.
func stopWhileBusy(t *trial) {
	r := busy(t, t.limits.grace)
	stopped := time.Now()
	r.cancel()
	r.returns(t.limits.grace+t.limits.prompt, fmt.Sprintf(
		"must return when the context of sandbox.Grace ends, whatever is unfinished, but %v later it still runs", t.limits.prompt))
	switch took := r.ended.Sub(stopped); {
	case r.crash != "":
		t.Fatalf("%s %s while it was busy and stopped", r.name, r.outcome())
	case !r.clean() && took < t.limits.grace:
		t.Fatalf("%s must finish what it has taken until the grace period of %v ends, but %v after its ctx was done it %s",
			r.name, t.limits.grace, took, r.outcome())
	}
}

// killed: a pod may end the grace period before its time.
func killed(t *trial) {
	r := busy(t, t.limits.long)
	r.cancel()
	within(t.limits.settle, r.done) // it drains by now
	r.kill()
	switch {
	case !within(t.limits.prompt, r.done):
		t.Fatalf("%s must return when the pod kills the run, which ends the context of sandbox.Grace, but %v later it still runs. It was here:\n%s",
			r.name, t.limits.prompt, r.stack())
	case r.crash != "":
		t.Fatalf("%s %s when it was killed", r.name, r.outcome())
	}
}

// busy starts a run that has enough to do.
func busy(t *trial, grace time.Duration) *run {
	t.Helper()
	r := t.start(t.block.new(), grace)
	r.up()
	r.occupy()
	return r
}
