package metrics

import "strings"

// A familyName is what a Desc is called in Prometheus' formats.
type familyName struct {
	text string // in text 0.0.4: with the unit and _total or _info
	base string // in OpenMetrics, the name of the family: text without _total and _info
	unit string // in OpenMetrics, the last word of base; empty: none is told
}

// nameOf derives the names. A name that was derived stays what it is.
func nameOf(d Desc) familyName {
	name := d.Name
	if MetricName(name) != name {
		name = MetricName(collapse(name))
	}
	unit := unitWord(d.Unit, d.Kind)
	suffix := suffixes[d.Kind]
	if d.Verbatim {
		n := familyName{text: name, base: strings.TrimSuffix(name, suffix), unit: unit}
		if n.base == "" {
			n.base = name
		}
		if unit == "" || !strings.HasSuffix(n.base, "_"+unit) {
			n.unit = ""
		}
		return n
	}
	name = trimmed(name, suffix) // the unit comes before it
	name = withSuffix(name, unit)
	if name == unit {
		unit = ""
	}
	return familyName{text: name + suffix, base: name, unit: unit}
}

// suffixes are those that the kind gives.
var suffixes = [len(kinds)]string{Counter: "_total", Info: "_info"}

func trimmed(name, suffix string) string {
	if short := strings.TrimSuffix(name, suffix); short != "" {
		return short
	}
	return name
}

func withSuffix(name, suffix string) string {
	if suffix == "" || strings.HasSuffix(name, "_"+suffix) || name == suffix {
		return name
	}
	return name + "_" + suffix
}

// names remembers what was derived. It is for one goroutine at a time.
type names map[Desc]*familyName

// maxNames bounds what is remembered from one use to the next.
const maxNames = 20_000

func (n *names) of(d Desc) *familyName {
	d.Help, d.Delta = "", false
	if known := (*n)[d]; known != nil {
		return known
	}
	if *n == nil || len(*n) > maxNames {
		*n = names{}
	}
	name := nameOf(d)
	(*n)[d] = &name
	return &name
}

// prometheusKinds are what TYPE says in text 0.0.4.
var prometheusKinds = [len(kinds)]string{
	"untyped", "gauge", "counter", "gauge", "histogram", "histogram", "summary", "gauge", "gauge", "histogram",
}

// openMetricsKinds are what it says in OpenMetrics.
var openMetricsKinds = [len(kinds)]string{
	"unknown", "gauge", "counter", "gauge", "histogram", "histogram", "summary", "info", "stateset", "gaugehistogram",
}
