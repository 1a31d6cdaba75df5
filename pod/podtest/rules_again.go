package podtest

import "time"

// runAgain: a value is configuration, and can be run again after it returned.
func runAgain(t *trial) {
	v := t.block.new()
	for _, name := range []string{"the first call of ", "the second call of ", "the third call of "} {
		r := t.start(v, t.limits.long)
		r.name = name + r.name + " on one value"
		r.up()
		r.stopNow()
	}
}

// twoAtOnce: a second run on one value is refused, or serves as well, and never
// disturbs the first.
func twoAtOnce(t *trial) {
	v := t.block.new()
	one := t.start(v, t.limits.long)
	one.name = "the first of two calls of " + one.name + " at once"
	one.up()
	two := t.start(v, t.limits.long)
	two.name = "the second of two calls of " + two.name + " at once"

	if refused(two) {
		one.goesOn("the second one was refused")
		one.stopNow()
		return
	}
	one.goesOn("the second one began")
	one.stopNow()
	two.goesOn("the first one was stopped")
	two.stopNow()
}

// refused waits until the run has returned an error or serves.
func refused(r *run) bool {
	r.Helper()
	if r.lease != nil {
		r.refusedOrServes()
	} else {
		within(r.limits.settle, r.done)
	}
	if !isDone(r.done) {
		return false
	}
	if r.crash != "" || r.err == nil && !r.block.completes {
		r.Fatalf("%s must be refused with an error or serve as well, but it %s", r.name, r.outcome())
	}
	return true
}

func (r *run) refusedOrServes() {
	r.Helper()
	var served <-chan struct{}
	if c, err := r.tryDial(); err == nil { // else it was refused, and has closed its listener
		defer c.Close()
		served = r.lease.arrival(c)
	}
	select {
	case <-r.done:
	case <-served:
	case <-time.After(r.limits.prompt):
		r.Fatalf("%s must be refused with an error or serve as well, but %v later it does neither\n%s", r.name, r.limits.prompt, r.stack())
	}
}

// goesOn fails if the run was disturbed.
func (r *run) goesOn(since string) {
	r.Helper()
	r.name += ", after " + since + ","
	if r.lease == nil {
		within(r.limits.settle, r.done)
	}
	r.isUp()
	if r.value.ready != nil && !r.block.completes {
		r.awaitReady()
	}
	if r.lease != nil {
		r.serves()
	}
}
