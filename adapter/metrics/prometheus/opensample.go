package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A sample is what stands behind the head of a line of OpenMetrics.
type sample struct {
	value metrics.Value
	text  []byte // of value
	timed bool
	time  int64

	exemplar       bool
	labels         []metrics.Label // of the exemplar
	exemplarAt     float64
	exemplarMoment int64
}

// maxExemplar is how many characters the labels of an exemplar may have.
const maxExemplar = 128

func (v *sample) parse(rest []byte) (err error) {
	if len(rest) == 0 || rest[0] != ' ' {
		return errors.New("no value")
	}
	var more bool
	v.text, rest, more = bytes.Cut(rest[1:], []byte{' '})
	if v.value, err = number(v.text); err != nil {
		return fmt.Errorf("value %q: %w", clip(v.text), err)
	}
	if !more {
		return nil
	}
	if len(rest) == 0 || rest[0] != '#' {
		var token []byte
		token, rest, more = bytes.Cut(rest, []byte{' '})
		if v.time, err = seconds(token); err != nil {
			return fmt.Errorf("timestamp %q: %w", clip(token), err)
		}
		v.timed = true
		if !more {
			return nil
		}
	}
	return v.parseExemplar(rest)
}

func (v *sample) parseExemplar(rest []byte) (err error) {
	rest, ok := bytes.CutPrefix(rest, []byte("# {"))
	if !ok {
		return errors.New("neither a timestamp nor an exemplar behind the value")
	}
	end := 0
	if v.labels, end, err = (grammar{open: true}).block(rest, 0, nil); err != nil {
		return fmt.Errorf("exemplar: %w", err)
	}
	length := 0
	for _, l := range v.labels {
		length += utf8.RuneCountInString(l.Name) + utf8.RuneCountInString(l.Value)
	}
	if length > maxExemplar {
		return fmt.Errorf("exemplar: its labels have %d characters, and %d are allowed", length, maxExemplar)
	}
	if rest = rest[end:]; len(rest) == 0 || rest[0] != ' ' {
		return errors.New("exemplar: no value")
	}
	token, rest, more := bytes.Cut(rest[1:], []byte{' '})
	if v.exemplarAt, err = float(token); err != nil {
		return fmt.Errorf("exemplar: value %q: %w", clip(token), err)
	}
	if more {
		if v.exemplarMoment, err = seconds(rest); err != nil {
			return fmt.Errorf("exemplar: timestamp %q: %w", clip(rest), err)
		}
	}
	v.exemplar = true
	return nil
}

// check holds what the kind says of a value.
func (v *sample) check(s *series) error {
	x := v.value.Float()
	switch {
	case s.kind == metrics.StateSet && x != 0 && x != 1:
		return errors.New("a state is neither 0 nor 1")
	case s.kind == metrics.Info && x != 1:
		return errors.New("an info is not 1")
	case s.role == asQuantile && x < 0:
		return errors.New("a quantile is negative")
	case (s.role == asBucket || s.role == asCount) && s.kind != metrics.Summary && x != math.Trunc(x):
		return errors.New("a count is no whole number")
	case s.role == asBucket, s.role == asCount, s.role == asValue && s.kind == metrics.Counter:
		if !(x >= 0) {
			return errors.New("a count is negative or NaN")
		}
	case s.role == asSum && (math.IsNaN(x) || x < 0 && s.kind != metrics.GaugeHistogram):
		return errors.New("a sum is negative or NaN")
	}
	if v.exemplar && s.role != asBucket && !(s.role == asValue && s.kind == metrics.Counter) {
		return errors.New("an exemplar where there can be none")
	}
	return nil
}

// enter holds that the samples of a group are together and in the order of time.
func (o *openState) enter(s *series, v *sample) error {
	of := s.of
	if s.kind == metrics.Info {
		return nil // each of its label sets is another group
	}
	if o.group == s.group {
		switch {
		case v.timed != o.timed:
			return errors.New("some samples of a group have a timestamp, and some have not")
		case v.timed && v.time < o.time:
			return errors.New("timestamps of a group go backwards")
		}
		o.time = v.time
		return nil
	}
	if s.group.family == of.number {
		return errors.New("the samples of a group are not together")
	}
	s.group.family = of.number
	o.group, o.from, o.start, o.timed, o.time = s.group, len(of.out.Points), 0, v.timed, v.time
	return nil
}

// add puts a sample that was found right where it belongs.
func (r *Reader) add(s *series, v *sample) {
	of, b, o := s.of, r.families.b, &r.open
	switch s.role {
	case asValue:
		p := of.out.Add(s.labels, v.value)
		p.Time, p.Start = v.time, o.start
		if v.exemplar {
			p.Exemplars = append(p.Exemplars, v.exemplarIn(b))
		}
		return
	case asCreated:
		at, err := seconds(v.text)
		if err != nil || v.value.Float() == 0 {
			return // as NaN: it is not known
		}
		o.start = at
		for i := o.from; i < len(of.out.Points); i++ {
			of.out.Points[i].Start = at
		}
		return
	}
	p := of.point(b, s.labels, v.time)
	p.Start = o.start
	put(p, s.role, s.bound, v.value.Float())
	if v.exemplar {
		p.Exemplars = append(p.Exemplars, v.exemplarIn(b))
	}
}

func (v *sample) exemplarIn(b *metrics.Batch) *metrics.Exemplar {
	e := b.NewExemplar()
	*e = metrics.Exemplar{Labels: metrics.LabelsOf(v.labels), Value: v.exemplarAt, Time: v.exemplarMoment}
	return e
}
