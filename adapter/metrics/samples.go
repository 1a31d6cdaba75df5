package metrics

import (
	"math"
	"strconv"
)

// values writes a family that has one sample a point.
func (t *textWriter) values(f *Family, name string) {
	info, states := f.Kind == Info, t.open && f.Kind == StateSet
	for i := range f.Points {
		p := &f.Points[i]
		if states && p.Labels.Value(f.Name) == "" && p.Labels.Value(name) == "" {
			continue // OpenMetrics has no state without its name
		}
		t.series(name, "", p.Labels)
		if info {
			t.out = append(t.out, '1')
		} else {
			t.out = t.appendValue(t.out, p.Value)
		}
		t.endSample(p.Time)
		t.full()
		if t.err != nil {
			return
		}
	}
}

// counters are those of OpenMetrics, where they have exemplars and start times, and
// can't be negative.
func (t *textWriter) counters(f *Family, name *familyName, bare bool) {
	created := !bare && t.free(name.base, "_created")
	for i := range f.Points {
		p := &f.Points[i]
		if v := p.Value.Float(); !(v >= 0) && !bare {
			continue
		}
		t.series(name.text, "", p.Labels)
		t.out = t.appendValue(t.out, p.Value)
		t.time(p.Time)
		if len(p.Exemplars) > 0 && !bare {
			t.exemplar(p.Exemplars[0])
		}
		t.out = append(t.out, '\n')
		if created {
			t.created(name.base, p)
		}
		t.full()
		if t.err != nil {
			return
		}
	}
}

// series writes what comes before the value.
func (t *textWriter) series(name, suffix string, l *Labels) {
	t.out = append(t.out, name...)
	t.out = append(t.out, suffix...)
	if l != nil {
		t.out = append(t.out, '{')
		t.out = append(t.out, l.text...)
		t.out = append(t.out, "} "...)
		return
	}
	t.out = append(t.out, ' ')
}

// bucket writes the same with one label more, which has a value without escapes.
func (t *textWriter) bucket(name, suffix string, l *Labels, label string, value []byte) {
	t.out = append(t.out, name...)
	t.out = append(t.out, suffix...)
	t.out = append(t.out, '{')
	if l != nil {
		t.out = append(t.out, l.text...)
		t.out = append(t.out, ',')
	}
	t.out = append(t.out, label...)
	t.out = append(t.out, `="`...)
	t.out = append(t.out, value...)
	t.out = append(t.out, `"} `...)
}

func (t *textWriter) created(base string, p *Point) {
	if p.Start == 0 {
		return
	}
	t.series(base, "_created", p.Labels)
	t.out = appendSeconds(t.out, p.Start)
	t.endSample(p.Time)
}

func (t *textWriter) endSample(time int64) {
	t.time(time)
	t.out = append(t.out, '\n')
}

func (t *textWriter) time(nanos int64) {
	switch {
	case nanos == 0:
	case t.open:
		t.out = appendSeconds(append(t.out, ' '), nanos)
	default:
		t.out = strconv.AppendInt(append(t.out, ' '), nanos/1e6, 10)
	}
}

// maxExemplar is how many characters the labels of an exemplar may have.
const maxExemplar = 128

func (t *textWriter) exemplar(e *Exemplar) {
	length := 0
	for _, l := range e.Labels.All() {
		length += runes(l.Name) + runes(l.Value)
	}
	if length > maxExemplar {
		return
	}
	t.out = append(t.out, " # {"...)
	t.out = append(t.out, e.Labels.Text()...)
	t.out = append(t.out, "} "...)
	t.out = appendFloat(t.out, e.Value, true)
	if e.Time != 0 {
		t.out = appendSeconds(append(t.out, ' '), e.Time)
	}
}

func runes(s string) (n int) {
	for range s {
		n++
	}
	return n
}

func (t *textWriter) appendValue(out []byte, v Value) []byte {
	if n, ok := v.Int(); ok {
		return strconv.AppendInt(out, n, 10)
	}
	return appendFloat(out, v.Float(), t.open)
}

// appendFloat is AppendFloat 'g', and in OpenMetrics' canonical form, which le and
// quantile want, has .0 behind an integer.
func appendFloat(out []byte, v float64, open bool) []byte {
	n := int64(v)
	if float64(n) != v || n <= -1e6 || n >= 1e6 || n == 0 && math.Signbit(v) {
		from := len(out)
		out = strconv.AppendFloat(out, v, 'g', -1, 64)
		if open && string(out[from:]) == "-0" {
			out = append(out, ".0"...)
		}
		return out
	}
	out = strconv.AppendInt(out, n, 10)
	if open {
		out = append(out, ".0"...)
	}
	return out
}

// appendSeconds writes Unix nanoseconds as seconds, exactly.
func appendSeconds(out []byte, nanos int64) []byte {
	abs := uint64(nanos)
	if nanos < 0 {
		out, abs = append(out, '-'), -abs
	}
	out = strconv.AppendUint(out, abs/1e9, 10)
	fraction := abs % 1e9
	if fraction == 0 {
		return out
	}
	out = append(out, '.')
	for digit := uint64(1e8); fraction > 0; digit /= 10 {
		out = append(out, byte('0'+fraction/digit))
		fraction %= digit
	}
	return out
}
