package jsonsource

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A step goes from a value to one, or to several, that it has.
type step struct {
	kind  stepKind
	key   string // of a member; of a wildcard the label that it gives, or empty
	index int    // of an element
}

type stepKind uint8

const (
	member  stepKind = iota // .key
	element                 // [2]
	every                   // .* [*] .{label} [{label}]
)

const maxSteps = 64

// parsePath reads a path; at is what an @ at its beginning stands for.
func parsePath(text string, at []step) ([]step, error) {
	var steps []step
	rest := text
	switch {
	case text == "":
		return nil, errors.New("is empty: say $ for the whole document")
	case text[0] == '$':
		rest = text[1:]
	case text[0] == '@':
		steps, rest = append(steps, at...), text[1:]
	case text[0] != '[':
		rest = "." + text
	}
	for rest != "" {
		s, left, err := parseStep(rest)
		if err != nil {
			return nil, fmt.Errorf("%q %w", text, err)
		}
		if steps = append(steps, s); len(steps) > maxSteps {
			return nil, fmt.Errorf("%.100q has more than %d steps", text, maxSteps)
		}
		rest = left
	}
	return steps, nil
}

func parseStep(text string) (s step, rest string, err error) {
	if text[0] == '.' {
		end := strings.IndexAny(text[1:], ".[") + 1
		if end == 0 {
			end = len(text)
		}
		name := text[1:end]
		if name == "" {
			return step{}, "", errors.New("has an empty name: the descendant operator .. is not there, and a key that is empty is ['']")
		}
		if s, ok, err := wildcard(name); ok {
			return s, text[end:], err
		}
		if strings.ContainsAny(name, `]{}*"'`) {
			return step{}, "", fmt.Errorf("has the name %q: put it between [' and ']", name)
		}
		return step{kind: member, key: name}, text[end:], nil
	}
	if text[0] != '[' {
		return step{}, "", fmt.Errorf("has %q where . or [ is to stand", text)
	}
	if len(text) > 1 && (text[1] == '\'' || text[1] == '"') {
		return quoted(text[1:])
	}
	inner, rest, ok := strings.Cut(text[1:], "]")
	if !ok {
		return step{}, "", errors.New("has a [ without its ]")
	}
	if s, ok, err := wildcard(inner); ok {
		return s, rest, err
	}
	n, err := strconv.ParseUint(inner, 10, 31)
	if err == nil && n > maxIndex {
		return step{}, "", fmt.Errorf("has [%s], want an index up to %d", inner, maxIndex)
	}
	if err != nil {
		return step{}, "", fmt.Errorf("has [%s], which is none of [0], [*], [{label}] and ['key']", inner)
	}
	return step{kind: element, index: int(n)}, rest, nil
}

// wildcard reads * and {label}.
func wildcard(text string) (s step, ok bool, err error) {
	if text == "*" {
		return step{kind: every}, true, nil
	}
	if !strings.HasPrefix(text, "{") {
		return step{}, false, nil
	}
	label, closed := strings.CutSuffix(text[1:], "}")
	if !closed || label == "" || strings.ContainsAny(label, "{}") {
		return step{}, true, fmt.Errorf("has %s, which is no {label}", text)
	}
	return step{kind: every, key: label}, true, nil
}

// quoted reads 'key'] or "key"], with a backslash before what is meant as it is.
func quoted(text string) (s step, rest string, err error) {
	var key strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			key.WriteByte(text[i])
		case c == text[0]:
			if i+1 == len(text) || text[i+1] != ']' {
				return step{}, "", errors.New("has a ['key' without its ]")
			}
			return step{kind: member, key: key.String()}, text[i+2:], nil
		default:
			key.WriteByte(c)
		}
	}
	return step{}, "", errors.New("has a ['key'] without its end")
}

// wildcards is how many of steps are one.
func wildcards(steps []step) (n int) {
	for _, s := range steps {
		if s.kind == every {
			n++
		}
	}
	return n
}

// untilWildcard is steps up to and with the last wildcard.
func untilWildcard(steps []step) []step {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].kind == every {
			return steps[:i+1]
		}
	}
	return nil
}
