package metrics

import (
	"regexp"
	"strings"
)

// The rules in this file are those of the OpenTelemetry specification,
// "Prometheus and OpenMetrics Compatibility".

// units are Prometheus' words for UCUM codes. Others are taken as they are.
var units = map[string]string{
	"%": "percent", "1": "", "A": "amperes", "By": "bytes", "Cel": "celsius", "Hz": "hertz", "J": "joules",
	"KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "kBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes",
	"V": "volts", "W": "watts", "d": "days", "g": "grams", "h": "hours", "m": "meters", "min": "minutes",
	"ms": "milliseconds", "ns": "nanoseconds", "s": "seconds", "us": "microseconds",
}

// perUnits are those behind a slash.
var perUnits = map[string]string{"d": "day", "h": "hour", "min": "minute", "s": "second"}

// annotation is what UCUM has in braces, as in {thread}: a word and no unit.
var annotation = regexp.MustCompile(`\{[^}]*\}`)

// promName derives the name that a family has in Prometheus' text format.
func promName(f Family) string {
	name := sanitize(f.Name)
	if isDigit(name[0]) {
		name = "_" + name
	}
	if f.Kind == Counter {
		name = strings.TrimSuffix(name, "_total") // the unit comes before it
	}
	name = withSuffix(name, promUnit(f))
	if f.Kind == Counter {
		name = withSuffix(name, "total")
	}
	return name
}

func promUnit(f Family) string {
	unit, per, _ := strings.Cut(annotation.ReplaceAllString(f.Unit, ""), "/")
	unit, per = word(unit, units), word(per, perUnits)
	switch {
	case per != "" && unit != "":
		return unit + "_per_" + per
	case per != "":
		return "per_" + per
	case f.Unit == "1" && f.Kind == Gauge:
		return "ratio"
	}
	return unit
}

func word(code string, words map[string]string) string {
	code = strings.TrimSpace(code)
	if w, known := words[code]; known {
		return w
	}
	return sanitize(code)
}

func withSuffix(name, suffix string) string {
	if suffix == "" || strings.HasSuffix("_"+name, "_"+suffix) {
		return name
	}
	return name + "_" + suffix
}

// sanitize makes one underscore of each run of what a name can't have, and drops
// those at both ends.
func sanitize(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r != ':' && !isAlphanumeric(r) }), "_")
}

// labelName derives the name of a label. It has no two underscores in a row: two
// in front are Prometheus' own.
func labelName(key string) string {
	var name strings.Builder
	if isDigit(key[0]) {
		name.WriteString("key_")
	}
	underscore := false // was written last
	for _, r := range key {
		switch {
		case isAlphanumeric(r):
			name.WriteRune(r)
			underscore = false
		case !underscore:
			name.WriteByte('_')
			underscore = true
		}
	}
	return name.String()
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
