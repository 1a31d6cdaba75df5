package metrics

import (
	"cmp"
	"slices"
	"strings"
)

// A labelWriter renders attributes as Prometheus labels, those of each point once
// and ready to be written: in braces, and with the blank that comes before the
// value. So no two points have the same place in text.
type labelWriter struct {
	text  []byte
	names map[string]string // of labels, by the attribute's key
	pairs []labelPair       // of the point in hand
}

type labelPair struct{ name, key, value string }

// maxLabelNames bounds the names that are remembered from one text to the next.
const maxLabelNames = 1024

func (w *labelWriter) reset() {
	w.text = w.text[:0]
	if w.names == nil || len(w.names) > maxLabelNames {
		w.names = map[string]string{}
	}
}

// add renders attrs into text[from:to]. Keys that become one name are one label
// with their values joined by ";", in the order of the keys, as the OpenTelemetry
// specification has it.
func (w *labelWriter) add(attrs []Attr) (from, to int) {
	w.pairs = w.pairs[:0]
	for _, a := range attrs {
		if a.Value != "" { // to Prometheus the same as no label
			w.pairs = append(w.pairs, labelPair{w.name(a.Key), a.Key, a.Value})
		}
	}
	slices.SortStableFunc(w.pairs, func(a, b labelPair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.key, b.key))
	})
	from = len(w.text)
	before := byte('{')
	for i, p := range w.pairs {
		if i > 0 && p.name == w.pairs[i-1].name {
			w.text[len(w.text)-1] = ';' // instead of the quote
		} else {
			w.text = append(w.text, before)
			w.text = append(w.text, p.name...)
			w.text = append(w.text, `="`...)
			before = ','
		}
		w.text = append(w.text, escapeValue(p.value)...)
		w.text = append(w.text, '"')
	}
	if len(w.pairs) > 0 {
		w.text = append(w.text, '}')
	}
	w.text = append(w.text, ' ')
	return from, len(w.text)
}

func (w *labelWriter) name(key string) string {
	name, known := w.names[key]
	if !known {
		name = labelName(key)
		w.names[key] = name
	}
	return name
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	valueEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func escapeHelp(s string) string { return helpEscapes.Replace(strings.ToValidUTF8(s, "\uFFFD")) }

func escapeValue(s string) string { return valueEscapes.Replace(strings.ToValidUTF8(s, "\uFFFD")) }
