package main

import (
	"slices"
	"strings"
	"time"
)

// The cells claim only what the observation bears.

func orderCell(o observation) string {
	start, stop := "starts all at once", "stops all at once"
	if o.inOrder("ready first", "start bad", "ready bad", "start last") {
		start = "starts each when the one before is ready"
	}
	if o.inOrder("end last", "end bad", "end first") {
		stop = "stops in reverse"
	}
	return start + ", " + stop
}

func panicCell(o observation) string {
	switch {
	case strings.Contains(o.Died, "panic: on purpose"):
		return "the process ends"
	case o.Died != "":
		return o.Died
	}
	return again(o, "panics", "with its stack")
}

func goexitCell(o observation) string {
	if o.Died != "" {
		return o.Died
	}
	return again(o, "goexit", "as such") + end(o)
}

// again says whether the bad service was started again, and whether the contender
// said what it must: as is that in words.
func again(o observation, must, as string) string {
	text := "not noticed"
	if o.count("start bad") > 1 {
		text = "restarted"
	}
	if o.says(must) {
		return text + ", told " + as
	}
	if text == "restarted" {
		text += ", taken for success"
	}
	return text
}

// end says how the stop went, if not well.
func end(o observation) string {
	text := ""
	switch {
	case !o.Returned:
		text = "; the stop never returns"
	case o.Took > grace-100*time.Millisecond:
		text = "; the stop runs out of time"
	}
	if slices.Contains(o.left(), "first") {
		text += ", what started earlier is not stopped"
	}
	return text
}

func hangCell(o observation) string {
	if o.Died != "" {
		return o.Died
	}
	if !o.Returned {
		return "never returns"
	}
	text := "given up in time"
	switch {
	case o.says("hangs") && o.says(bad):
		text += ", told by name and stack"
	case o.says(bad):
		text += ", told by name"
	}
	if slices.Contains(o.left(), "first") {
		text += "; later stops skipped"
	} else {
		text += "; all others stopped"
	}
	return text
}

func duringStartCell(o observation) string {
	if o.Died != "" {
		return o.Died
	}
	text := "the rest is not started"
	switch {
	case o.inOrder("start last", "ready bad"):
		text = "all had begun at once"
	case o.has("start last"):
		text = "the rest is started first"
	}
	switch left := o.left(); {
	case slices.Contains(left, "first"):
		return text + ", what had started is never stopped"
	case len(left) > 0:
		return text + ", what was starting is never stopped"
	}
	return text + ", all stopped"
}
