package metrics

import (
	"iter"
	"slices"
)

// WellKnown tells of a metric of this package or of the OpenTelemetry semantic
// conventions 1.44 its unit, kind and help, by its name. Tests hold sources
// against it.
func WellKnown(name string) (Desc, bool) {
	for d := range AllWellKnown() {
		if d.Name == name {
			return d, true
		}
	}
	return Desc{}, false
}

// AllWellKnown yields all that WellKnown knows.
func AllWellKnown() iter.Seq[Desc] {
	return func(yield func(Desc) bool) {
		for _, d := range slices.Concat(knownOfProcess, knownOfCgroup, knownOfRuntime) {
			if !yield(d) {
				return
			}
		}
	}
}
