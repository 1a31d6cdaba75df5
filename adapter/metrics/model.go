package metrics

import (
	"fmt"
	"math"
)

// Kind says how the values of a [Family] behave over time.
type Kind uint8

const (
	Gauge         Kind = iota // a measured value that has no sum over series, as a temperature
	Counter                   // only grows, and begins at 0 again when what it counts restarts
	UpDownCounter             // grows and shrinks, and adds up over series, as bytes in use
)

var kindNames = [...]string{Gauge: "gauge", Counter: "counter", UpDownCounter: "up-down counter"}

// String returns the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// A Family describes the points that have a name in common, as the
// OpenTelemetry data model does. The names of each output format are derived
// from it; see the package's documentation for those of Prometheus.
type Family struct {
	Name string // dotted, as process.cpu.time; semantic conventions where they have one
	Unit string // UCUM, as s, By, 1 or {thread}; empty: none. Values are in base units
	Help string // one sentence; may be empty
	Kind Kind   // how its values come to be
}

// An Attr is a dimension of a point: a label in Prometheus.
type Attr struct {
	Key   string // dotted, as cpu.mode
	Value string // an empty value is the same as no Attr
}

// A Number is an int64 or a float64 and remembers which. Its zero value is the
// integer 0.
type Number struct {
	bits    uint64
	isFloat bool
}

// Int makes a Number of an integer, which stays exact.
func Int(v int64) Number { return Number{bits: uint64(v)} }

// Float makes a Number of a float64; NaN and the infinities are values too.
func Float(v float64) Number { return Number{bits: math.Float64bits(v), isFloat: true} }

// Int64 returns the integer, and whether the Number is one; 0 if not.
func (n Number) Int64() (v int64, ok bool) {
	if n.isFloat {
		return 0, false
	}
	return int64(n.bits), true
}

// Float64 returns the Number as a float64, an integer rounded to the nearest.
func (n Number) Float64() float64 {
	if n.isFloat {
		return math.Float64frombits(n.bits)
	}
	return float64(int64(n.bits))
}

// A Point is one measured value.
type Point struct {
	Attrs []Attr // by which it differs from the family's other points
	Value Number // in the family's unit
}
