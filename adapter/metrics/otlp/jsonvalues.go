package otlp

import (
	"math"
	"strconv"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/jsontext"
)

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

func (j *writer) attributes(l *metrics.Labels) {
	for i, a := range l.All() {
		j.put(comma(i))
		j.attribute(a.Name, a.Value)
	}
}

func (j *writer) attribute(key, value string) {
	j.put(`{"key":`)
	j.out = jsontext.Append(j.out, key)
	j.put(`,"value":{"stringValue":`)
	j.out = jsontext.Append(j.out, value)
	j.put(`}}`)
}

// text writes a member unless it is empty.
func (j *writer) text(name, value string) {
	if value != "" {
		j.put(name)
		j.out = jsontext.Append(j.out, value)
	}
}

// counted writes a count, and a sum that is known.
func (j *writer) counted(count uint64, sum float64) {
	j.put(`,"count":`)
	j.unsigned(count)
	if !math.IsNaN(sum) {
		j.float(`,"sum":`, sum)
	}
}

func (j *writer) counts(name string, all []uint64) {
	j.put(name)
	for i, n := range all {
		j.put(comma(i))
		j.unsigned(n)
	}
	j.put(`]`)
}

func (j *writer) integer(n int64) {
	j.put(`"`)
	j.out = strconv.AppendInt(j.out, n, 10)
	j.put(`"`)
}

func (j *writer) unsigned(n uint64) {
	j.put(`"`)
	j.out = strconv.AppendUint(j.out, n, 10)
	j.put(`"`)
}

// float writes what JSON has no number for as protobuf's JSON does.
func (j *writer) float(name string, v float64) {
	j.put(name)
	switch {
	case math.IsNaN(v):
		j.put(`"NaN"`)
	case math.IsInf(v, 1):
		j.put(`"Infinity"`)
	case math.IsInf(v, -1):
		j.put(`"-Infinity"`)
	default:
		j.out = strconv.AppendFloat(j.out, v, 'g', -1, 64)
	}
}
