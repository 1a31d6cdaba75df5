package podtest

import (
	"fmt"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// Await waits for an event of the container, or with "" one of the pod's own, with
// this reason, and returns it: the first one after that which the last Await for
// the same container returned. So nothing that has happened already is missed, and
// nothing is seen twice:
//
//	r.Await("web", pod.ReasonStarted) // the first run
//	r.Await("web", pod.ReasonError)   // it has ended …
//	r.Await("web", pod.ReasonStarted) // … and the second one has begun
//
// Where none comes within Patience, or the pod ends, the test fails at once.
func (r *Running) Await(container, reason string) pod.Event {
	r.t.Helper()
	if container != "" {
		r.Container(container)
	}
	var found pod.Event
	r.await(fmt.Sprintf("event %s of container %q", reason, container), func() bool {
		events, _ := r.history.since(r.awaited[container])
		for i, e := range events {
			if e.Container == container && e.Reason == reason {
				r.awaited[container] += i + 1
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// AwaitReady waits until the container is ready, and returns its status. Where no
// event tells of it, it is looked at again after 1 ms, 2 ms, 4 ms and so on, at
// least once a second.
func (r *Running) AwaitReady(container string) pod.ContainerStatus {
	r.t.Helper()
	var status pod.ContainerStatus
	r.Container(container)
	r.await(fmt.Sprintf("readiness of container %q", container), func() bool {
		status = r.Container(container)
		return status.Ready
	})
	return status
}

// AwaitPhase waits until the pod is in the phase. It looks again as AwaitReady
// does.
func (r *Running) AwaitPhase(phase pod.Phase) {
	r.t.Helper()
	r.await(fmt.Sprintf("phase %s of the pod", phase), func() bool { return r.Status().Phase == phase })
}

// await waits until it is so, and asks whenever something happens.
func (r *Running) await(what string, isSo func() bool) {
	r.t.Helper()
	patience := r.patience()
	late := time.NewTimer(patience)
	defer late.Stop()
	pause := time.Millisecond
	for {
		settle() // what an event tells of has then happened
		_, changed := r.history.since(0)
		over := isDone(r.ended)
		if isSo() {
			return
		}
		if over {
			r.taken.Store(true)
			r.t.Fatalf("podtest: no %s: the pod has ended, with the error %v\n%s", what, r.err, r.report())
		}
		again := time.NewTimer(pause)
		select {
		case <-changed:
		case <-r.ended:
		case <-again.C:
			pause = min(2*pause, time.Second)
		case <-late.C:
			r.t.Fatalf("podtest: no %s within %v\n%s", what, patience, r.report())
		}
		again.Stop()
	}
}
