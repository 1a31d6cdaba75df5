package statsd

import (
	"bytes"
	"math"
)

// take takes all samples of lines. Of what is malformed only that is left out. mu
// is held.
func (t *table) take(lines []byte, now int64) {
	for len(lines) > 0 {
		line := lines
		if i := bytes.IndexByte(lines, '\n'); i >= 0 {
			line, lines = lines[:i], lines[i+1:]
		} else {
			lines = nil
		}
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(line) > 0 {
			t.line(line, now)
		}
	}
}

func (t *table) line(line []byte, now int64) {
	if len(line) > t.longest {
		t.count.rejected[tooLong]++
		return
	}
	colon := bytes.IndexByte(line, ':')
	if line[0] == '_' && t.special(line) {
		return
	}
	if colon <= 0 {
		t.count.rejected[badLine]++
		return
	}
	name, rest := line[:colon], line[colon+1:]
	for {
		bar := bytes.IndexByte(rest, '|')
		if bar < 0 {
			t.count.rejected[badLine]++
			return
		}
		values, tail := rest[:bar], rest[bar+1:]
		k := t.cache.find(t.cache.hash(name, tail), name, tail)
		if k != nil && !k.stale(t.era) {
			t.apply(k, values, 0, now)
			return
		}
		k, stamp, next, why := t.learn(name, values, tail, now)
		if why != taken {
			t.count.rejected[why]++
		} else {
			t.apply(k, values, stamp, now)
		}
		if next == 0 {
			return
		}
		rest = tail[next:]
	}
}

// stale says whether k is to be learnt again: its series has ended, or there may
// be a place for one now.
func (k *known) stale(era int) bool {
	return !k.drop && k.series.dead || k.over && k.era != era
}

// apply does what k says to each of values.
func (t *table) apply(k *known, values []byte, stamp, now int64) {
	if k.op == opSet {
		t.sample(k, values, stamp, now)
		return
	}
	for {
		i := bytes.IndexByte(values, ':')
		if i < 0 {
			t.sample(k, values, stamp, now)
			return
		}
		t.sample(k, values[:i], stamp, now)
		values = values[i+1:]
	}
}

func (t *table) sample(k *known, value []byte, stamp, now int64) {
	if k.drop {
		t.count.dropped++
		return
	}
	s := k.series
	if k.op == opSet {
		if len(value) == 0 {
			t.count.rejected[badValue]++
			return
		}
		s.set.turn(t.periodOf(now), &t.budget)
		if !s.set.add(t.member(value), &t.budget) {
			t.count.rejected[setFull]++
			return
		}
	} else {
		v, ok := number(value)
		if !ok {
			t.count.rejected[badValue]++
			return
		}
		if why := t.measure(k, value[0] == '-' || value[0] == '+', v, stamp, now); why != taken {
			t.count.rejected[why]++
			return
		}
	}
	s.seen = now
	t.count.samples[k.op]++
	if k.over {
		t.count.overflowed++
	}
}

// measure adds a value that is a number.
func (t *table) measure(k *known, signed bool, v float64, stamp, now int64) reason {
	s := k.series
	weighed := v * k.weight
	if math.IsInf(weighed, 0) {
		return badValue
	}
	switch k.op {
	case opCounter:
		if v < 0 {
			return negative
		}
		s.add(weighed)
		return taken
	case opGauge:
		if stamp > 0 && stamp < s.stamp {
			return late
		}
		s.stamp = stamp
		if signed && !t.absolute {
			v = finite(s.value + v)
		}
		s.value = v
		return taken
	case opTimer:
		v /= 1000
	}
	if s.window != nil {
		s.window.turn(k.family.halfOf(now))
	}
	s.observe(v, k.weight)
	return taken
}

// usable says whether one of values can be taken, so that no series is made for
// nothing. If none can, it tells why.
func (t *tail) usable(values []byte) reason {
	if t.op == opSet && len(values) > 0 {
		return taken
	}
	why := badValue
	for value := range bytes.SplitSeq(values, []byte{':'}) {
		switch v, ok := number(value); {
		case !ok || math.IsInf(v*t.weight, 0):
		case t.op == opCounter && v < 0:
			why = negative
		default:
			return taken
		}
	}
	return why
}

// special counts events and service checks.
func (t *table) special(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("_e{")):
		if kind, ok := readEvent(line); ok {
			t.count.events[kind]++
		} else {
			t.count.rejected[badEvent]++
		}
	case bytes.HasPrefix(line, []byte("_sc|")):
		if state, ok := readCheck(line); ok {
			t.count.checks[state]++
		} else {
			t.count.rejected[badCheck]++
		}
	default:
		return false
	}
	return true
}
