package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A grammar is what of a sample's head differs between the formats.
type grammar struct {
	open bool // OpenMetrics: no blanks, no quoted names, no comma at the end, unknown escapes stay
}

// A head is what stands before a sample's value.
type head struct {
	name   string
	labels []metrics.Label
	end    int // of the head in the line
}

// parse reads the head of a line.
func (g grammar) parse(line []byte) (h head, err error) {
	n := nameLength(line, true)
	h.name = string(line[:n])
	at := g.blanks(line, n)
	if at == len(line) || line[at] != '{' {
		if n == 0 {
			return h, errors.New("no metric name")
		}
		h.end = n
		return h, nil
	}
	if h.labels, h.end, err = g.block(line, at+1, &h.name); err != nil {
		return h, err
	}
	if h.name == "" {
		return h, errors.New("no metric name")
	}
	return h, nil
}

func (g grammar) blanks(line []byte, at int) int {
	if g.open {
		return at
	}
	for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
		at++
	}
	return at
}

// block reads labels from behind the brace that opens them. A quoted word without
// a value is the name of the metric, if it has none.
func (g grammar) block(line []byte, at int, name *string) (labels []metrics.Label, end int, err error) {
	for first := true; ; first = false {
		at = g.blanks(line, at)
		if at < len(line) && line[at] == '}' && (first || !g.open) {
			return labels, at + 1, nil
		}
		var label string
		quoted := !g.open && at < len(line) && line[at] == '"'
		if quoted {
			label, at, err = g.quoted(line, at)
			if err != nil {
				return nil, 0, err
			}
		} else {
			n := nameLength(line[at:], false)
			if n == 0 {
				return nil, 0, errors.New("no label name")
			}
			label, at = string(line[at:at+n]), at+n
		}
		at = g.blanks(line, at)
		if quoted && (at == len(line) || line[at] != '=') && first && name != nil && *name == "" && label != "" {
			*name = label
		} else {
			if at == len(line) || line[at] != '=' {
				return nil, 0, fmt.Errorf("label %q without a value", label)
			}
			var value string
			if value, at, err = g.quoted(line, g.blanks(line, at+1)); err != nil {
				return nil, 0, fmt.Errorf("label %q: %w", label, err)
			}
			if err := known(labels, label, value); err != nil {
				return nil, 0, err
			}
			labels = append(labels, metrics.Label{Name: label, Value: value})
		}
		at = g.blanks(line, at)
		switch {
		case at < len(line) && line[at] == ',':
			at++
			if g.open && at < len(line) && line[at] == '}' {
				return nil, 0, errors.New("a comma behind the last label")
			}
		case at < len(line) && line[at] == '}':
			return labels, at + 1, nil
		default:
			return nil, 0, errors.New("labels without an end")
		}
	}
}

func known(labels []metrics.Label, name, value string) error {
	if name == "__name__" || name == "" {
		return fmt.Errorf("label name %q cannot be", name)
	}
	if !utf8.ValidString(value) {
		return fmt.Errorf("label %q: its value is not UTF-8", name)
	}
	for _, l := range labels {
		if l.Name == name {
			return fmt.Errorf("label %q twice", name)
		}
	}
	return nil
}

// quoted reads a string in quotes.
func (g grammar) quoted(line []byte, at int) (s string, end int, err error) {
	if at >= len(line) || line[at] != '"' {
		return "", 0, errors.New("no quotes around the value")
	}
	rest := line[at+1:]
	i := bytes.IndexAny(rest, `"\`)
	if i >= 0 && rest[i] == '"' {
		return string(rest[:i]), at + 1 + i + 1, nil
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '"':
			return b.String(), at + 1 + i + 1, nil
		case '\\':
			if i++; i == len(rest) {
				return "", 0, errors.New("quotes without an end")
			}
			switch c := rest[i]; {
			case c == 'n':
				b.WriteByte('\n')
			case c == '\\' || c == '"':
				b.WriteByte(c)
			case g.open:
				b.WriteByte('\\')
				b.WriteByte(c)
			default:
				return "", 0, fmt.Errorf(`escape \%c is none`, c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, errors.New("quotes without an end")
}

// nameLength is how long the name is that s begins with.
func nameLength(s []byte, colon bool) int {
	for i, c := range s {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':' && colon:
		case '0' <= c && c <= '9' && i > 0:
		default:
			return i
		}
	}
	return len(s)
}
