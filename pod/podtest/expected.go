package podtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// An expectation is a line of an expected trace.
type expectation struct {
	text       string
	at         time.Duration
	anyTime    bool
	container  string // empty: the pod's own
	reason     string
	message    string
	hasMessage bool
}

func parseTrace(text string) ([]expectation, error) {
	var all []expectation
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		x, err := parseExpectation(line)
		if err != nil {
			return nil, fmt.Errorf("line %d of the expected trace, %q: %w", len(all)+1, line, err)
		}
		all = append(all, x)
	}
	return all, nil
}

func parseExpectation(line string) (expectation, error) {
	x := expectation{text: line}
	var head string
	head, x.message, x.hasMessage = strings.Cut(line, ": ")
	fields := strings.Fields(head)
	if len(fields) != 3 {
		return x, fmt.Errorf("must be a time, a container or \"pod\", and a reason, and may have \": \" and a message")
	}
	x.container, x.reason = fields[1], fields[2]
	if x.container == "pod" {
		x.container = ""
	}
	if x.anyTime = fields[0] == "*"; x.anyTime {
		return x, nil
	}
	var err error
	x.at, err = time.ParseDuration(fields[0])
	return x, err
}

// met says whether e is what was expected.
func (x expectation) met(e pod.Event, began time.Time) bool {
	return e.Container == x.container && e.Reason == x.reason &&
		(x.anyTime || e.Time.Sub(began) == x.at) &&
		(!x.hasMessage || glob(x.message, e.Message))
}

// glob says whether text is the pattern, with * for anything.
func glob(pattern, text string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	if !ok || !starred {
		return ok && text == ""
	}
	parts := strings.Split(rest, "*")
	last := len(parts) - 1
	for _, part := range parts[:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}
