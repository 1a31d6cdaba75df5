package metrics

import "strings"

// The rules in this file are those of the OpenTelemetry specification,
// "Prometheus and OpenMetrics Compatibility".

// units are Prometheus' words for UCUM codes. Others are taken as they are.
var units = map[string]string{
	"%": "percent", "1": "", "A": "amperes", "By": "bytes", "Cel": "celsius", "Hz": "hertz", "J": "joules",
	"KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tibibytes",
	"kBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes", "bit": "bits",
	"V": "volts", "W": "watts", "d": "days", "g": "grams", "h": "hours", "m": "meters", "min": "minutes", "wk": "weeks",
	"ms": "milliseconds", "ns": "nanoseconds", "s": "seconds", "us": "microseconds",
}

// perUnits are those behind a slash.
var perUnits = map[string]string{
	"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "y": "year", "m": "meter",
}

var codes = func() map[string]string {
	all := map[string]string{"ratio": "1"}
	for code, word := range units {
		if word != "" {
			all[word] = code
		}
	}
	return all
}()

// UnitOf is the UCUM code of a unit in Prometheus' words: "s" of "seconds". Of one
// that has none it is the word.
func UnitOf(word string) string {
	if code, known := codes[word]; known {
		return code
	}
	return word
}

// unitWord is the suffix that a unit gives to a name of kind k; empty: none.
func unitWord(unit string, k Kind) string {
	switch {
	case unit == "" || k == Info || k == StateSet:
		return ""
	case unit == "1":
		if k == Gauge {
			return "ratio"
		}
		return ""
	}
	of, per, _ := strings.Cut(withoutAnnotations(unit), "/")
	of, per = word(of, units), word(per, perUnits)
	switch {
	case per != "" && of != "":
		return of + "_per_" + per
	case per != "":
		return "per_" + per
	}
	return of
}

func word(code string, words map[string]string) string {
	code = strings.TrimSpace(code)
	if w, known := words[code]; known {
		return w
	}
	return collapse(code)
}

// withoutAnnotations takes out what UCUM has in braces, as {thread}: a word and
// no unit.
func withoutAnnotations(unit string) string {
	for {
		before, rest, ok := strings.Cut(unit, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return unit
		}
		unit = before + after
	}
}

// collapse makes one underscore of each run of what a name can't have and of
// underscores, and drops those at both ends.
func collapse(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r != ':' && !alphanumeric(r) }), "_")
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
