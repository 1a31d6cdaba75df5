package jsonsource

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A Rule makes points of the values at a path. The package's documentation has
// the paths.
type Rule struct {
	// Name is that of the family. Rules of one name make one family, and have one
	// unit and one kind; the first Help of them counts.
	Name string `yaml:"name"`

	// Unit is by UCUM, as "s" and "By". Empty: it is not known.
	Unit string `yaml:"unit"`

	// Help is a sentence for people. Empty: the path is told.
	Help string `yaml:"help"`

	// Kind is Gauge, Counter, UpDownCounter, Info or StateSet. Zero: StateSet where
	// there are States, else Gauge. With Info the value is not looked at, its being
	// there is what counts.
	Kind metrics.Kind `yaml:"-"`

	// Path is where the values are.
	Path string `yaml:"path"`

	// Labels are names, and the path of each one's value: a string, a number or a
	// boolean. All wildcards of such a path are those that Path begins with; an @
	// at its beginning is Path up to its last wildcard. What is not there or null
	// is no label. Nil: none but those of the wildcards in Path.
	Labels map[string]string `yaml:"labels"`

	// Static are names and values of further labels. Nil: none.
	Static map[string]string `yaml:"static"`

	// Scale is what each value is multiplied by, as 0.001 for milliseconds whose
	// Unit is s. 0: by nothing.
	Scale float64 `yaml:"scale"`

	// Units takes strings that have a unit, and makes them what Unit says: of "s"
	// "1h30m", "12 ms" and a date by RFC 3339; of "By" "1.5 GiB" and "20 MB"; of
	// "1" "45 %"; and of all others "3.2k" and the like. Without it a string is a
	// number or is not taken.
	Units bool `yaml:"units"`

	// Enum are the strings that mean a number. No other string is taken then, but
	// the one that is "" here is all others. Nil: there are none.
	Enum map[string]float64 `yaml:"enum"`

	// States are all of a StateSet: a point for each has 1 if it is the value, else
	// 0, and the label of the family's name tells which. Nil: it is no StateSet.
	States []string `yaml:"states"`

	// Optional says that it is no fault if there is nothing at Path.
	Optional bool `yaml:"optional"`
}

const (
	maxRules  = 10_000
	maxStates = 1000
)

// kind is what Kind means.
func (r *Rule) kind() metrics.Kind {
	switch {
	case r.Kind != metrics.Unknown:
		return r.Kind
	case r.States != nil:
		return metrics.StateSet
	}
	return metrics.Gauge
}

// desc is that of the family.
func (r *Rule) desc() metrics.Desc {
	help := r.Help
	if help == "" {
		help = fmt.Sprintf("What is at %s.", r.Path)
	}
	return metrics.Desc{Name: r.Name, Unit: r.Unit, Kind: r.kind(), Help: help}
}

// check returns what is wrong with r, but for its paths.
func (r *Rule) check() error {
	if r.Name == "" {
		return fmt.Errorf("Name: it is empty")
	}
	switch r.kind() {
	case metrics.Gauge, metrics.Counter, metrics.UpDownCounter, metrics.Info:
		if r.States != nil {
			return fmt.Errorf("States: they are of a stateset, and Kind is %v", r.Kind)
		}
	case metrics.StateSet:
		if len(r.States) == 0 || len(r.States) > maxStates {
			return fmt.Errorf("States: there are %d, want 1 to %d", len(r.States), maxStates)
		}
	default:
		return fmt.Errorf("Kind: %v can't be made of JSON, want gauge, counter, updowncounter, info or stateset", r.Kind)
	}
	if math.IsNaN(r.Scale) || math.IsInf(r.Scale, 0) {
		return fmt.Errorf("Scale: %v is no number to multiply by", r.Scale)
	}
	if r.Enum != nil && (r.Units || r.kind() == metrics.Info || r.kind() == metrics.StateSet) {
		return fmt.Errorf("Enum: it goes neither with Units nor with the kinds info and stateset")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Static)) {
		if name == "" {
			return fmt.Errorf("Static: a label has no name")
		}
		if _, ok := r.Labels[name]; ok {
			return fmt.Errorf("Static: the label %q is one of Labels as well", name)
		}
	}
	return nil
}

// conflict returns why rules of one name don't make one family.
func (r *Rule) conflict(first *Rule) error {
	if r.Unit != first.Unit {
		return fmt.Errorf("Unit: %q, and another rule of this name has %q", r.Unit, first.Unit)
	}
	if r.kind() != first.kind() {
		return fmt.Errorf("Kind: %v, and another rule of this name has %v", r.kind(), first.kind())
	}
	return nil
}

// String is the rule as errors name it.
func (r *Rule) String() string {
	return fmt.Sprintf("rule %q of %s", strings.ToValidUTF8(r.Name, "\uFFFD"), r.Path)
}
