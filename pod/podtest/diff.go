package podtest

import (
	"strings"

	"github.com/podpatterns/podpatterns/pod"
)

const diffContext = 3 // lines that are the same, before and after each difference

// A diffLine is a line of a diff, marked ' ', '-' or '+'.
type diffLine struct {
	mark byte
	text string
}

// diff shows the shortest way from what was expected to what happened; "" if that
// has no step.
func (tr Trace) diff(want []expectation) string {
	lines, same := tr.align(want), true
	for _, l := range lines {
		same = same && l.mark == ' '
	}
	if same {
		return ""
	}
	var b strings.Builder
	skipping := false
	for i, l := range lines {
		skip := !nearDifference(lines, i)
		switch {
		case !skip:
			b.WriteString(string(l.mark) + " " + l.text + "\n")
		case !skipping:
			b.WriteString("  …\n")
		}
		skipping = skip
	}
	return b.String()
}

func nearDifference(lines []diffLine, i int) bool {
	for _, l := range lines[max(0, i-diffContext):min(len(lines), i+diffContext+1)] {
		if l.mark != ' ' {
			return true
		}
	}
	return false
}

// align pairs what was expected with what happened: whatever matches at both ends,
// and in between by the longest sequence that does.
func (tr Trace) align(want []expectation) (lines []diffLine) {
	got := tr.Events
	met := func(i, j int) bool { return want[i].met(got[j], tr.Began) }
	happened := func(mark byte, e pod.Event) {
		lines = append(lines, diffLine{mark, eventLine(e, tr.Began)})
	}
	i, j, iEnd, jEnd := 0, 0, len(want), len(got)
	for i < iEnd && j < jEnd && met(i, j) {
		happened(' ', got[j])
		i, j = i+1, j+1
	}
	for i < iEnd && j < jEnd && met(iEnd-1, jEnd-1) {
		iEnd, jEnd = iEnd-1, jEnd-1
	}
	for longest := longestMet(i, iEnd, j, jEnd, met); i < iEnd || j < jEnd; {
		switch left := longest(i, j); {
		case i < iEnd && longest(i+1, j) == left:
			lines = append(lines, diffLine{'-', want[i].text})
			i++
		case j < jEnd && longest(i, j+1) == left:
			happened('+', got[j])
			j++
		default:
			happened(' ', got[j])
			i, j = i+1, j+1
		}
	}
	for ; j < len(got); j++ {
		happened(' ', got[j])
	}
	return lines
}

// longestMet tells how many can be met of what is left from i and j on.
func longestMet(i0, iEnd, j0, jEnd int, met func(i, j int) bool) func(i, j int) int {
	width := jEnd - j0 + 1
	table := make([]int, (iEnd-i0+1)*width)
	at := func(i, j int) *int { return &table[(i-i0)*width+j-j0] }
	for i := iEnd - 1; i >= i0; i-- {
		for j := jEnd - 1; j >= j0; j-- {
			if met(i, j) {
				*at(i, j) = *at(i+1, j+1) + 1
			} else {
				*at(i, j) = max(*at(i+1, j), *at(i, j+1))
			}
		}
	}
	return func(i, j int) int { return *at(i, j) }
}
