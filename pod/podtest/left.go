package podtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/pprof"
	"strings"
	"time"
)

// labelRunning is the pprof label of what a pod's goroutines start. By it tests
// that run at the same time are told apart, which NoLeaks can't.
const labelRunning = "podpatterns.test"

// A leftover is goroutines that are in the same place.
type leftover struct {
	container string // empty: the pod's own
	count     string
	stack     string
}

// failOnLeaks gives goroutines that are on their way out time to go: nothing tells
// when one has gone.
func (r *Running) failOnLeaks() {
	r.t.Helper()
	patience := leakPatience
	if settle() {
		patience = r.patience()
	}
	var left []leftover
	over := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause *= 2 {
		left = goroutinesOf(r.id)
		rest := time.Until(over)
		if len(left) == 0 || rest <= 0 {
			break
		}
		<-time.After(min(pause, rest))
	}
	if len(left) > 0 {
		r.t.Errorf("podtest: goroutines are left that the pod or its containers have started:\n%s", leftText(left))
	}
}

// goroutinesOf finds those under the run's label in the text of the profile, whose
// groups of goroutines are
//
//	count @ program counters
//	# labels: {JSON}
//	#	address	function+offset	file:line
func goroutinesOf(id string) (left []leftover) {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1)
	_, groups, _ := strings.Cut(profile.String(), "\n") // the first line is the total
	for group := range strings.SplitSeq(groups, "\n\n") {
		head, rest, _ := strings.Cut(strings.TrimSpace(group), "\n")
		labelled, frames, _ := strings.Cut(rest, "\n")
		var labels map[string]string
		text, ok := strings.CutPrefix(labelled, "# labels: ")
		if !ok || json.Unmarshal([]byte(text), &labels) != nil || labels[labelRunning] != id || forLife("\n"+functions(frames)) {
			continue
		}
		count, _, _ := strings.Cut(head, " ")
		left = append(left, leftover{container: labels["container"], count: count, stack: frames})
	}
	return left
}

// functions turns the profile's frames into those of a goroutine's stack.
func functions(frames string) string {
	var b strings.Builder
	for frame := range strings.Lines(frames) {
		f := strings.Fields(frame)
		if len(f) < 4 {
			continue
		}
		function, _, _ := strings.Cut(f[2], "+0x")
		fmt.Fprintf(&b, "%s(...)\n\t%s\n", function, strings.Join(f[3:], " "))
	}
	return b.String()
}

func leftText(left []leftover) string {
	var b strings.Builder
	for _, l := range left {
		who := "the pod"
		if l.container != "" {
			who = fmt.Sprintf("container %q", l.container)
		}
		fmt.Fprintf(&b, "%s: %s in\n%s", who, l.count, functions(l.stack))
	}
	return b.String()
}
