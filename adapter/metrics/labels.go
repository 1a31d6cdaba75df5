package metrics

import (
	"slices"
	"strings"
)

// A Label is one attribute of a point or a resource.
type Label struct{ Name, Value string }

// Labels are the attributes of a point, in the order of their names, and known
// as the text that Prometheus has for them. They never change, so that a source
// makes those of a series once and uses them for each collection. Nil is none.
type Labels struct {
	all  []Label
	text string
}

// NewLabels returns labels of name and value pairs: NewLabels("code", "200").
// Of two with one name the last one holds, and one without a value is left out,
// as for Prometheus both are the same.
func NewLabels(pairs ...string) *Labels {
	if len(pairs)%2 != 0 {
		pairs = append(pairs, "")
	}
	all := make([]Label, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, Label{pairs[i], pairs[i+1]})
	}
	return LabelsOf(all)
}

// LabelsOf is NewLabels of a slice, which is not kept.
func LabelsOf(all []Label) *Labels {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	kept := all[:0]
	for i, l := range all {
		if last := i+1 == len(all) || all[i+1].Name != l.Name; last && l.Value != "" {
			kept = append(kept, l)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return &Labels{all: kept, text: labelText(kept)}
}

// All are the labels, in the order of their names. They must not be changed.
func (l *Labels) All() []Label {
	if l == nil {
		return nil
	}
	return l.all
}

// Value is that of the label name, or "".
func (l *Labels) Value(name string) string {
	for _, a := range l.All() {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Text is what stands between the braces in Prometheus' text:
// code="200",path="a\"b", with names made valid, in the order of those. Where two
// names become one, their values are joined by ";", in the order of the names, as
// the OpenTelemetry specification has it. Two labels with one Text are one series.
func (l *Labels) Text() string {
	if l == nil {
		return ""
	}
	return l.text
}

func labelText(all []Label) string {
	if !slices.IsSortedFunc(all, byLabelName) {
		all = slices.Clone(all)
		slices.SortStableFunc(all, byLabelName)
	}
	var b strings.Builder
	last := ""
	for i, l := range all {
		name := LabelName(l.Name)
		switch {
		case i == 0:
			b.WriteString(name)
			b.WriteString(`="`)
		case name == last:
			b.WriteByte(';')
		default:
			b.WriteString(`",`)
			b.WriteString(name)
			b.WriteString(`="`)
		}
		last = name
		escape.WriteString(&b, strings.ToValidUTF8(l.Value, "\uFFFD"))
	}
	b.WriteByte('"')
	return b.String()
}

func byLabelName(a, b Label) int { return strings.Compare(LabelName(a.Name), LabelName(b.Name)) }

var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
