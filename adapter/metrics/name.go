package metrics

import "strings"

// LabelName makes a name of the semantic conventions one that Prometheus'
// classic rules allow, [a-zA-Z_][a-zA-Z0-9_]*: every other character becomes an
// underscore, and one is put before a digit at the beginning. Of several that it
// begins with one is left, because two are Prometheus' own.
func LabelName(name string) string {
	name = valid(name, false)
	for len(name) > 1 && name[:2] == "__" {
		name = name[1:]
	}
	return name
}

// MetricName does the same for the name of a family, which may have colons.
func MetricName(name string) string { return valid(name, true) }

func valid(name string, colon bool) string {
	bad := func(r rune) bool {
		return !(r == '_' || r == ':' && colon || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	if name == "" {
		return "_"
	}
	if strings.IndexFunc(name, bad) >= 0 {
		name = strings.Map(func(r rune) rune {
			if bad(r) {
				return '_'
			}
			return r
		}, name)
	}
	if '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name
}
