package statsd

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// An op is what a sample does to its series.
type op uint8

const (
	opCounter op = iota
	opGauge
	opTimer
	opHisto
	opDistribution
	opSet
	ops // how many there are
)

func opOf(text []byte) (op, bool) {
	switch string(text) {
	case "c":
		return opCounter, true
	case "g":
		return opGauge, true
	case "ms":
		return opTimer, true
	case "h":
		return opHisto, true
	case "d":
		return opDistribution, true
	case "s":
		return opSet, true
	}
	return 0, false
}

// A tail is what comes after the value of a sample.
type tail struct {
	op        op
	weight    float64 // how many measurements it stands for
	tags      []metrics.Label
	container string
	stamp     int64 // in Unix seconds; 0: none
	next      int   // where another value of the same name begins; 0: nowhere
}

// readTail reads type|@rate|#tags|c:container|Ttimestamp|e:external|card:level,
// of which the first comes first. In plain StatsD another value may follow a
// type or a rate, after a colon; it is not looked at here.
func readTail(text []byte) (t tail, why reason) {
	t.weight = 1
	section, rest, more := bytes.Cut(text, []byte{'|'})
	if i := bytes.IndexByte(section, ':'); i >= 0 {
		section, more, t.next = section[:i], false, i+1
	}
	var ok bool
	if t.op, ok = opOf(section); !ok {
		return t, badType
	}
	for more {
		at := len(text) - len(rest)
		section, rest, more = bytes.Cut(rest, []byte{'|'})
		if len(section) == 0 {
			return t, badField
		}
		switch section[0] {
		case '@':
			if i := bytes.IndexByte(section, ':'); i >= 0 {
				section, more, t.next = section[:i], false, at+i+1
			}
			rate, ok := number(section[1:])
			if !ok || rate < leastRate || rate > 1 {
				return t, badRate
			}
			t.weight = weightOf(rate)
		case '#':
			if t.tags, ok = dogTags(t.tags, section[1:]); !ok {
				return t, badTag
			}
		case 'T':
			n, err := strconv.ParseUint(string(section[1:]), 10, 62)
			if err != nil || n == 0 {
				return t, badTimestamp
			}
			t.stamp = int64(n)
		default:
			key, value, _ := strings.Cut(string(section), ":")
			if value == "" || key != "c" && key != "e" && key != "card" {
				return t, badField
			}
			if key == "c" {
				t.container = value
			}
		}
	}
	if t.op == opGauge || t.op == opSet { // neither is a sum, so a rate says nothing
		t.weight = 1
	}
	return t, taken
}

// weightOf is the whole number that a client has made rate of, if it is one: 1e-9
// is a little less than a billionth.
func weightOf(rate float64) float64 {
	weight := 1 / rate
	if whole := math.Round(weight); math.Abs(whole-weight) < 1e-12*weight {
		return whole
	}
	return weight
}

// leastRate is the smallest sample rate, so that the sum of many weights is one.
const leastRate = 1e-12
