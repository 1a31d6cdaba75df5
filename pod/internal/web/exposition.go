package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ExpositionType is the content type of an Exposition.
const ExpositionType = "text/plain; version=0.0.4; charset=utf-8"

// An Exposition is metrics in the text format of Prometheus, version 0.0.4, one
// family after the other. Its zero value is empty.
type Exposition struct {
	text   strings.Builder
	header string // of the family, until its first sample
	name   string
}

// The types of families.
const (
	Gauge   = "gauge"
	Counter = "counter"
)

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// Family begins a family; what follows are its samples. One without samples is
// left out.
func (e *Exposition) Family(name, kind, help string) {
	e.name = name
	e.header = fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n", name, helpEscapes.Replace(help), name, kind)
}

// Sample writes one with its labels, which are names and values in turn.
func (e *Exposition) Sample(value float64, labels ...string) {
	e.text.WriteString(e.header)
	e.header = ""
	e.text.WriteString(e.name)
	for i := 0; i+1 < len(labels); i += 2 {
		e.text.WriteByte("{,"[min(i, 1)])
		value := strings.ToValidUTF8(labels[i+1], "\uFFFD")
		fmt.Fprintf(&e.text, `%s="%s"`, labels[i], labelEscapes.Replace(value))
	}
	if len(labels) > 1 {
		e.text.WriteByte('}')
	}
	e.text.WriteByte(' ')
	e.text.WriteString(number(value))
	e.text.WriteByte('\n')
}

// Bool writes a sample that is 1 for yes and 0 for no.
func (e *Exposition) Bool(is bool, labels ...string) {
	value := 0.0
	if is {
		value = 1
	}
	e.Sample(value, labels...)
}

// OneOf writes a sample for each of states, of which the one that is has 1. Its
// label comes after labels.
func (e *Exposition) OneOf(label, is string, states []string, labels ...string) {
	for _, s := range states {
		e.Bool(s == is, append(labels[:len(labels):len(labels)], label, s)...)
	}
}

// number is how the format spells a value.
func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// String is the text so far.
func (e *Exposition) String() string { return e.text.String() }
