package podtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"
)

// labelRunning is the pprof label of what a pod's goroutines start. By it tests
// that run at the same time are told apart, which NoLeaks can't.
const labelRunning = "podpatterns.test"

// A leftover is goroutines of a container, or with "" the pod's own, that are in
// the same place.
type leftover struct{ container, stack string }

// failOnLeaks gives goroutines that are on their way out time to go: nothing tells
// when one has gone.
func (r *Running) failOnLeaks() {
	r.t.Helper()
	patience := leakPatience
	if settle() {
		patience = r.patience()
	}
	var left map[leftover]int
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
func goroutinesOf(id string) map[leftover]int {
	left := map[leftover]int{}
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1)
	_, groups, _ := strings.Cut(profile.String(), "\n") // the first line is the total
	for group := range strings.SplitSeq(groups, "\n\n") {
		count, rest, _ := strings.Cut(strings.TrimSpace(group), " @ ")
		_, rest, _ = strings.Cut(rest, "\n")
		labelled, frames, _ := strings.Cut(rest, "\n")
		var labels map[string]string
		text, ok := strings.CutPrefix(labelled, "# labels: ")
		if !ok || json.Unmarshal([]byte(text), &labels) != nil || labels[labelRunning] != id {
			continue
		}
		stack := functions(frames)
		if n, err := strconv.Atoi(count); err == nil && !forLife("\n"+stack) {
			left[leftover{labels["container"], stack}] += n
		}
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

func leftText(left map[leftover]int) string {
	var lines []string
	for l, n := range left {
		who := "the pod"
		if l.container != "" {
			who = fmt.Sprintf("container %q", l.container)
		}
		lines = append(lines, fmt.Sprintf("%s: %d in\n%s", who, n, l.stack))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
