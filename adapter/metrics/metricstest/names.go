package metricstest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// abbreviated are units that a name should have in words.
var abbreviated = strings.Fields("s ms us ns sec b kb mb gb tb pb m h d")

// unusual are units that are not base ones, with the base.
var unusual = map[string]string{
	"milliseconds": "seconds", "microseconds": "seconds", "nanoseconds": "seconds", "minutes": "seconds", "hours": "seconds",
	"days": "seconds", "weeks": "seconds", "kilobytes": "bytes", "kibibytes": "bytes", "megabytes": "bytes", "mibibytes": "bytes",
	"gigabytes": "bytes", "gibibytes": "bytes", "bits": "bytes", "fahrenheit": "celsius", "kelvin": "celsius",
}

// lintName judges a name by the rules of promtool.
func lintName(name string, d metrics.Desc) (problems []string) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if d.Help == "" {
		add("it has no help")
	}
	if d.Name == "" || metrics.MetricName(name) != name {
		add("%q is no name", name)
	}
	if strings.Contains(name, ":") {
		add("the name has a colon, as only those of recording rules do")
	}
	if camel(name) {
		add("the name is in camelCase")
	}
	total, info := strings.HasSuffix(name, "_total"), strings.HasSuffix(name, "_info")
	switch d.Kind {
	case metrics.Counter:
		if !total {
			add("a counter's name has to end with _total")
		}
	case metrics.Unknown:
	default:
		if total {
			add("the name of what is no counter ends with _total")
		}
	}
	if info && d.Kind != metrics.Info {
		add("the name of what is no info ends with _info")
	}
	distribution := slices.Contains([]metrics.Kind{metrics.Histogram, metrics.ExpHistogram, metrics.GaugeHistogram, metrics.Summary}, d.Kind)
	_, given := metrics.WellKnown(d.Name) // by the semantic conventions, as process.thread.count
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if strings.HasSuffix(name, suffix) && !distribution && !given {
			add("the name ends with %s, as only those of histograms and summaries do", suffix)
		}
	}
	for _, word := range strings.Split(name, "_") {
		if slices.Contains(abbreviated, word) {
			add("%q is an abbreviated unit", word)
		}
		if base := unusual[word]; base != "" {
			add("%s is not a base unit: use %s", word, base)
		}
	}
	for _, kind := range []string{"gauge", "counter", "histogram", "summary"} {
		if d.Kind.String() == kind && slices.Contains(strings.Split(name, "_"), kind) {
			add("the name says that it is a %s", kind)
		}
	}
	return problems
}

// camel tells an upper case letter after a lower case one.
func camel(name string) bool {
	before := ' '
	for _, c := range name {
		if unicode.IsUpper(c) && unicode.IsLower(before) {
			return true
		}
		before = c
	}
	return false
}
