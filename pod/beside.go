package pod

import (
	"context"
	"runtime/pprof"
	"time"
)

// aside starts what goes on beside the run, a probe's question or a hook, unless
// that has ended.
func (inst *instance) aside(f func()) {
	if inst.enter() {
		go inst.perform(f)
	}
}

// later is aside after d, for a probe of that kind. It sets no timer that is due
// already: in a bubble of testing/synctest, two of these at once crash the race
// detector of Go 1.26.
func (inst *instance) later(kind int, d time.Duration, f func()) {
	if d <= 0 {
		inst.aside(f)
		return
	}
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if !inst.returned {
		inst.timers[kind] = time.AfterFunc(d, func() {
			if inst.enter() {
				inst.perform(f)
			}
		})
	}
}

// enter says whether something may go on beside the run, which then waits for it
// at its end.
func (inst *instance) enter() bool {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if !inst.returned {
		inst.beside.Add(1)
	}
	return !inst.returned
}

func (inst *instance) perform(f func()) {
	defer inst.beside.Done()
	pprof.SetGoroutineLabels(inst.inner) // the loop or a timer has started it
	f()
}

// values is the run's context without its stop. It ends with the run.
func (inst *instance) values() context.Context {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if inst.besides == nil {
		inst.besides, inst.endValues = context.WithCancel(handled(context.WithoutCancel(inst.inner), inst))
		if inst.returned {
			inst.endValues()
		}
	}
	return inst.besides
}

// finish ends what goes on beside the run, and waits for it. A block's Ready is
// left behind a moment later.
func (inst *instance) finish() {
	inst.mu.Lock()
	inst.returned = true
	for _, t := range inst.timers {
		if t != nil {
			t.Stop()
		}
	}
	if inst.endValues != nil {
		inst.endValues()
	}
	if inst.abandoned {
		inst.run.pod.forget(inst.member.Name)
	}
	inst.mu.Unlock()
	inst.beside.Wait()
	if inst.idle != nil {
		await(inst.idle, settle/10)
	}
}

// await waits until there is something in c, for a moment.
func await[T any](c <-chan T, moment time.Duration) (v T, ok bool) {
	select {
	case v = <-c:
		return v, true
	default:
	}
	t := time.NewTimer(moment)
	defer t.Stop()
	select {
	case v = <-c:
		return v, true
	case <-t.C:
		return v, false
	}
}
