package pod

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/pprof"
	"strings"
)

// labelContainer is the pprof label under which a container's goroutines run; its
// value is one run's in this process, as web/logs#2.17; in a pod that runs in a
// container of another it comes after that one's. Goroutines inherit it from
// the one that starts them; callbacks of time.AfterFunc and context.AfterFunc
// don't, nor do goroutines that a library had started before.
const labelContainer = "container"

// stacks returns the goroutines that carry the run's label, grouped by stack.
func stacks(run string) string {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1)
	var found strings.Builder
	for group := range strings.SplitSeq(profile.String(), "\n\n") {
		count, rest, ok := strings.Cut(group, " @ ")
		if !ok {
			continue
		}
		if i := strings.LastIndexByte(count, '\n'); i >= 0 { // the profile's own first line
			count = count[i+1:]
		}
		_, rest, _ = strings.Cut(rest, "\n") // the program counters
		labels, frames, ok := strings.Cut(rest, "\n")
		labels, labelled := strings.CutPrefix(labels, "# labels: ")
		if !ok || !labelled || !hasRun(labels, run) {
			continue
		}
		if count == "1" {
			found.WriteString("1 goroutine:\n")
		} else {
			fmt.Fprintf(&found, "%s goroutines:\n", count)
		}
		for frame := range strings.Lines(frames) {
			writeFrame(&found, strings.Fields(frame))
		}
	}
	if found.Len() == 0 {
		return "none carries the container's label"
	}
	return strings.TrimSuffix(found.String(), "\n")
}

// writeFrame writes a frame of the profile, "# address function+offset file:line",
// as a panic would.
func writeFrame(b *strings.Builder, frame []string) {
	if len(frame) < 4 {
		return
	}
	function := frame[2]
	if offset := strings.LastIndex(function, "+0x"); offset > 0 {
		function = function[:offset]
	}
	fmt.Fprintf(b, "\t%s\n\t\t%s\n", function, strings.Join(frame[3:], " "))
}

func hasRun(labels, run string) bool {
	if !strings.Contains(labels, run) {
		return false
	}
	var set map[string]string
	if json.Unmarshal([]byte(labels), &set) != nil {
		return false
	}
	rest, is := strings.CutPrefix(set[labelContainer], run)
	return is && (rest == "" || rest[0] == ' ') // or of a pod inside of it
}
