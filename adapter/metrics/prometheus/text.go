package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

var errCut = errors.New("the last line has no end, something is cut off")

// textLine reads a line of text 0.0.4.
func (r *Reader) textLine(line []byte, whole bool) error {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = bytes.TrimLeft(line, " \t")
	}
	if len(line) == 0 {
		return nil
	}
	if !whole {
		return errCut
	}
	if line[0] == '#' {
		return r.comment(line[1:])
	}
	s, end, err := r.interned.find(line, r.families.reading)
	if err != nil {
		return err
	}
	value, time, err := textValue(line[end:])
	if err != nil {
		return err
	}
	of := s.of
	if of == nil || of.reading != r.families.reading || of.kind != s.kind || s.epoch != r.families.epoch {
		if err := r.resolve(s); err != nil {
			return err
		}
		of = s.of
	}
	of.sampled = true
	if r.Strict {
		if err := r.strict.sample(of, s); err != nil {
			return err
		}
	}
	switch s.role {
	case asNothing:
	case asValue:
		of.out.Add(s.labels, value).Time = time
	default:
		put(of.point(r.families.b, s.labels, time), s.role, s.bound, value.Float())
	}
	return r.full()
}

// textValue reads a value and, if there is one, a timestamp.
func textValue(rest []byte) (v metrics.Value, time int64, err error) {
	rest = bytes.TrimLeft(rest, " \t")
	token := rest
	if i := bytes.IndexAny(rest, " \t"); i >= 0 {
		token, rest = rest[:i], bytes.Trim(rest[i:], " \t")
	} else {
		rest = nil
	}
	if v, err = number(token); err != nil {
		return v, 0, fmt.Errorf("value %q: %w", clip(token), err)
	}
	if len(rest) > 0 {
		if time, err = millis(rest); err != nil {
			return v, 0, fmt.Errorf("timestamp %q: %w", clip(rest), err)
		}
	}
	return v, time, nil
}

func clip(token []byte) []byte { return token[:min(len(token), 40)] }

// resolve finds out what a series is.
func (r *Reader) resolve(s *series) error {
	of, as := r.owner(s.name)
	if of == nil {
		of, as = r.families.open([]byte(s.name)), asValue
	}
	if s.of == of && s.kind == of.kind && s.group != nil {
		s.epoch = r.families.epoch
		return nil
	}
	if distribution(of.kind) && as == asValue {
		as = asNothing
		if _, has := s.value("quantile"); has && of.kind == metrics.Summary {
			as = asQuantile
		}
	}
	but := ""
	switch as {
	case asBucket:
		but = "le"
	case asQuantile:
		but = "quantile"
	}
	if but != "" {
		text, has := s.value(but)
		if !has {
			as, but = asNothing, ""
		} else if v, err := float([]byte(text)); err != nil || math.IsNaN(v) {
			return fmt.Errorf("label %s: %q is no number", but, text)
		} else {
			s.bound = v
		}
	}
	s.of, s.kind, s.epoch, s.role = of, of.kind, r.families.epoch, as
	s.group = r.interned.groupOf(s, but)
	s.labels = s.group.labels
	return nil
}

// owner returns the family that a sample's name belongs to: the one of that name
// before a distribution.
func (r *Reader) owner(name string) (*family, role) {
	if of := r.families.seen(name); of != nil {
		return of, asValue
	}
	for _, c := range [...]struct {
		suffix  string
		as      role
		summary bool
	}{{"_bucket", asBucket, false}, {"_sum", asSum, true}, {"_count", asCount, true}} {
		if base, ok := strings.CutSuffix(name, c.suffix); ok {
			of := r.families.seen(base)
			if of != nil && (of.kind == metrics.Histogram || of.kind == metrics.GaugeHistogram || c.summary && of.kind == metrics.Summary) {
				return of, c.as
			}
		}
	}
	return nil, asValue
}

// comment reads what stands behind a #.
func (r *Reader) comment(text []byte) error {
	word, rest := token(text)
	if string(word) != "HELP" && string(word) != "TYPE" || len(rest) == 0 {
		return nil
	}
	if r.Strict && (len(text) == 0 || text[0] != ' ') {
		return fmt.Errorf("no blank before %s", word)
	}
	name, rest, err := metadataName(rest)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return nil
	}
	of := r.families.open(name)
	if word[0] == 'H' {
		if of.helped {
			return fmt.Errorf("a second HELP of %s", name)
		}
		if r.help, err = unescapeHelp(r.help[:0], rest); err != nil {
			return err
		}
		if !utf8.Valid(r.help) {
			if r.Strict {
				return errors.New("HELP is not UTF-8")
			}
			r.help = bytes.ToValidUTF8(r.help, []byte("\uFFFD"))
		}
		of.setHelp(r.help)
		return nil
	}
	if of.typed || of.sampled {
		return fmt.Errorf("a TYPE of %s behind another or its samples", name)
	}
	kind, ok := textKind(bytes.TrimRight(rest, " \t"), r.Strict)
	if !ok {
		return fmt.Errorf("type %q of %s is none", clip(rest), name)
	}
	of.kind, of.typed = kind, true
	return nil
}

// token returns the first word and what stands behind it.
func token(text []byte) (word, rest []byte) {
	text = bytes.TrimLeft(text, " \t")
	i := bytes.IndexAny(text, " \t")
	if i < 0 {
		return text, nil
	}
	return text[:i], bytes.TrimLeft(text[i:], " \t")
}

func metadataName(text []byte) (name, rest []byte, err error) {
	if text[0] == '"' {
		s, end, err := grammar{}.quoted(text, 0)
		if err == nil && (s == "" || !utf8.ValidString(s)) {
			err = errors.New("no metric name")
		}
		if err != nil {
			return nil, nil, err
		}
		return []byte(s), bytes.TrimLeft(text[end:], " \t"), nil
	}
	n := nameLength(text, true)
	if n == 0 || n < len(text) && text[n] != ' ' && text[n] != '\t' {
		return nil, nil, fmt.Errorf("metric name %q is none", clip(text))
	}
	return text[:n], bytes.TrimLeft(text[n:], " \t"), nil
}

// textKind heeds no capitals, unless strict.
func textKind(word []byte, strict bool) (metrics.Kind, bool) {
	name := string(word)
	if !strict {
		name = strings.ToLower(name)
	}
	switch name {
	case "counter":
		return metrics.Counter, true
	case "gauge":
		return metrics.Gauge, true
	case "histogram":
		return metrics.Histogram, true
	case "summary":
		return metrics.Summary, true
	case "untyped":
		return metrics.Unknown, true
	case "gauge_histogram", "gaugehistogram":
		return metrics.GaugeHistogram, !strict
	case "unknown", "info", "stateset":
		return metrics.Unknown, !strict
	}
	return 0, false
}

// unescapeHelp appends text without its escapes.
func unescapeHelp(out, text []byte) ([]byte, error) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' {
			if i++; i == len(text) {
				return out, errors.New(`HELP ends with \`)
			}
			switch text[i] {
			case 'n':
				c = '\n'
			case '\\':
			default:
				return out, fmt.Errorf(`HELP: escape %s is none`, strconv.Quote(string(text[i-1:i+1])))
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// textEnd finishes the distributions.
func (r *Reader) textEnd() error {
	for _, of := range r.families.order {
		if !distribution(of.kind) {
			continue
		}
		if err := of.finish(); err != nil {
			if r.Strict {
				return err
			}
			of.spill(r.families.b)
		}
	}
	return r.full()
}
