package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// An openState is how far a reading of OpenMetrics is.
type openState struct {
	of    *family // the one in hand
	group *group  // of it; nil before the first sample
	from  int     // the group's first point
	start int64   // since when it counts
	timed bool    // the group's samples have timestamps
	time  int64   // the last one
	eof   bool
	names map[string]struct{} // that families have
}

func (o *openState) begin() {
	names := o.names
	clear(names)
	*o = openState{names: names}
	if names == nil {
		o.names = map[string]struct{}{}
	}
}

func (r *Reader) openLine(line []byte, whole bool) error {
	o := &r.open
	switch {
	case o.eof:
		return errors.New("something behind # EOF")
	case len(line) == 0:
		return errors.New("a blank line")
	case string(line) == "# EOF":
		o.eof = true
		return nil
	case !whole:
		return errCut
	case line[0] == '#':
		return r.metadata(line)
	}
	s, end, err := r.interned.find(line, r.families.reading)
	if err != nil {
		return err
	}
	var v sample
	if err := v.parse(line[end:]); err != nil {
		return err
	}
	if s.of == nil || s.of != o.of || s.kind != s.of.kind {
		if err := r.openResolve(s); err != nil {
			return err
		}
	}
	if err := v.check(s); err != nil {
		return err
	}
	if err := o.enter(s, &v); err != nil {
		return err
	}
	s.of.sampled = true
	r.add(s, &v)
	return r.full()
}

func (r *Reader) openEnd() error {
	if !r.open.eof {
		return errors.New("no # EOF at the end, something is cut off")
	}
	return r.close()
}

// metadata reads a line of HELP, TYPE or UNIT.
func (r *Reader) metadata(line []byte) error {
	word, name, text, ok := metadataParts(line)
	if !ok {
		return errors.New("no line of HELP, TYPE or UNIT")
	}
	if nameLength(name, true) != len(name) || len(name) == 0 {
		return fmt.Errorf("metric name %q is none", clip(name))
	}
	of := r.open.of
	if of == nil || string(name) != of.name {
		if err := r.enterFamily(name); err != nil {
			return err
		}
		of = r.open.of
	}
	if of.sampled {
		return errors.New("metadata behind samples")
	}
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	twice := false
	switch string(word) {
	case "HELP":
		twice = of.helped
		r.help = openUnescape(r.help[:0], text)
		of.setHelp(r.help)
	case "TYPE":
		twice = of.typed
		kind, ok := openKinds[string(text)]
		if !ok {
			return fmt.Errorf("type %q is none", clip(text))
		}
		of.kind, of.typed = kind, true
	case "UNIT":
		twice = of.united
		of.setUnit(text)
	default:
		return fmt.Errorf("%q is none of HELP, TYPE and UNIT", clip(word))
	}
	if twice {
		return fmt.Errorf("a second %s of %s", word, name)
	}
	return nil
}

// metadataParts cuts "# WORD name text" at its blanks.
func metadataParts(line []byte) (word, name, text []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("# "))
	if !ok {
		return nil, nil, nil, false
	}
	if word, rest, ok = bytes.Cut(rest, []byte{' '}); ok {
		name, text, ok = bytes.Cut(rest, []byte{' '})
	}
	return word, name, text, ok
}

var openKinds = map[string]metrics.Kind{
	"unknown": metrics.Unknown, "gauge": metrics.Gauge, "counter": metrics.Counter, "histogram": metrics.Histogram,
	"gaugehistogram": metrics.GaugeHistogram, "summary": metrics.Summary, "info": metrics.Info, "stateset": metrics.StateSet,
}

// openUnescape keeps a backslash that is before anything else.
func openUnescape(out, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			switch next := text[i+1]; next {
			case 'n':
				c = '\n'
				i++
			case '\\', '"':
				c = next
				i++
			}
		}
		out = append(out, c)
	}
	return out
}

// openResolve finds out what a series is in the family in hand, or opens one.
func (r *Reader) openResolve(s *series) error {
	of := r.open.of
	as, ok := asNothing, false
	if of != nil {
		as, ok = openRole(of, s.name)
	}
	if !ok {
		if err := r.enterFamily([]byte(s.name)); err != nil {
			return err
		}
		of, as = r.open.of, asValue
	}
	if s.of == of && s.kind == of.kind && s.group != nil {
		return nil
	}
	but := ""
	switch {
	case as == asBucket:
		but = "le"
	case as == asQuantile:
		but = "quantile"
	case of.kind == metrics.StateSet:
		but = of.name
	}
	if but != "" {
		text, has := s.value(but)
		if !has || text == "" { // which is the same
			return fmt.Errorf("no label %s", but)
		}
		if as != asValue {
			v, err := float([]byte(text))
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) && text != "+Inf" || as == asQuantile && !(v >= 0 && v <= 1) {
				return fmt.Errorf("label %s: %q cannot be", but, text)
			}
			s.bound = v
		}
	}
	s.of, s.kind, s.role = of, of.kind, as
	s.group = r.interned.groupOf(s, but)
	s.labels = s.group.labels
	if but == of.name {
		s.labels = r.interned.with(s.all)
	}
	return nil
}

// openRole tells which sample of its family one of this name is.
func openRole(of *family, name string) (role, bool) {
	suffix, ok := strings.CutPrefix(name, of.name)
	if !ok {
		return 0, false
	}
	for _, of := range openSamples[of.kind] {
		if of.suffix == suffix {
			return of.as, true
		}
	}
	return 0, false
}

type openSample struct {
	suffix string
	as     role
}

var openSamples = map[metrics.Kind][]openSample{
	metrics.Unknown:        {{"", asValue}},
	metrics.Gauge:          {{"", asValue}},
	metrics.StateSet:       {{"", asValue}},
	metrics.Info:           {{"_info", asValue}},
	metrics.Counter:        {{"_total", asValue}, {"_created", asCreated}},
	metrics.Histogram:      {{"_bucket", asBucket}, {"_count", asCount}, {"_sum", asSum}, {"_created", asCreated}},
	metrics.GaugeHistogram: {{"_bucket", asBucket}, {"_gcount", asCount}, {"_gsum", asSum}},
	metrics.Summary:        {{"", asQuantile}, {"_count", asCount}, {"_sum", asSum}, {"_created", asCreated}},
}
