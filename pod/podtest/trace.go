package podtest

import (
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// A Trace is what has happened to a pod, in order. As text it has a line for each
// event: the time since Began, the container or "pod", the reason, and the message:
//
//	0s web Started: container started
//	10s web Error: exit code 1: no such table
//
// Of a message with several lines it has the first one, and * for the rest.
type Trace struct {
	Began  time.Time   // when the pod was started
	Events []pod.Event // in the order in which its observer got them
}

// Trace is all that has happened so far. In a bubble that is all of this instant.
func (r *Running) Trace() Trace {
	settle()
	events, _ := r.history.since(0)
	return Trace{Began: r.history.began, Events: events}
}

// ExpectTrace compares what has happened since the last call, or from the start,
// with a text as [Trace.Diff] takes it. Where they differ the test fails at once
// and shows how.
//
// In a bubble it is exactly what has happened until this instant. In real time
// nothing says when all has happened: there it waits for as many events as the
// text has lines, within Patience, and leaves more to the next call.
func (r *Running) ExpectTrace(text string) {
	r.t.Helper()
	want, err := parseTrace(text)
	if err != nil {
		r.t.Fatalf("podtest: %v", err)
	}
	if !settle() {
		r.awaitEvents(r.expected + len(want))
	}
	tr := r.Trace()
	tr.Events = tr.Events[r.expected:]
	if !settle() && len(tr.Events) > len(want) {
		tr.Events = tr.Events[:len(want)]
	}
	r.expected += len(tr.Events)
	if diff := tr.diff(want); diff != "" {
		r.t.Fatalf("podtest: the trace is not as expected (- expected, + happened):\n%s", diff)
	}
}

// awaitEvents waits for n events, for the end of the pod, or for Patience.
func (r *Running) awaitEvents(n int) {
	late := time.NewTimer(r.patience())
	defer late.Stop()
	for {
		events, changed := r.history.since(0)
		if len(events) >= n {
			return
		}
		select {
		case <-changed:
		case <-r.ended:
			return
		case <-late.C:
			return
		}
	}
}

// String is the whole trace as text.
func (tr Trace) String() string {
	var b strings.Builder
	for _, e := range tr.Events {
		b.WriteString(eventLine(e, tr.Began) + "\n")
	}
	return b.String()
}

// Diff compares the trace with a text of a line for each event, of which the order
// and number are exact:
//
//	10s web Error
//	* web BackOff
//	* web Unhealthy: Ready failed: *refused*
//
// A time is a duration of any form, or * for any. A message is compared where the
// line has one, and * in it is anything. Indentation and empty lines don't count.
//
// It returns the lines of both with - before those that were expected, + before
// those that happened, and three of context; or "" where they are the same.
func (tr Trace) Diff(text string) string {
	want, err := parseTrace(text)
	if err != nil {
		return err.Error()
	}
	return tr.diff(want)
}

// eventLine is an event as a line of a trace.
func eventLine(e pod.Event, began time.Time) string {
	first, _, more := strings.Cut(e.Message, "\n")
	if more {
		first += "*"
	}
	e.Message = first
	return e.Time.Sub(began).String() + " " + e.String()
}
