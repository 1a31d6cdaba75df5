package jsonsource

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A labelSet makes the labels of rules that have the same ones, and remembers
// them from one document to the next.
type labelSet struct {
	depth  int // wildcards around the value
	static []metrics.Label
	read   []labelPlan

	known map[string]*knownLabels
	now   uint64 // the document
	used  int    // of known, in this document
	key   []byte
}

type labelPlan struct {
	name string
	up   int // elements from the value's to the label's
	slot int // of the element; -1: it is its key or its index
}

type knownLabels struct {
	labels *metrics.Labels
	err    error
	used   uint64
}

// labels makes the set of r.
func (p *plan) labels(r *rulePlan) (*labelSet, error) {
	set := &labelSet{depth: wildcards(r.steps), known: map[string]*knownLabels{}}
	level := 0
	for _, s := range r.steps {
		if s.kind != every {
			continue
		}
		level++
		if s.key == "" {
			continue
		}
		_, twice := r.Labels[s.key]
		_, fixed := r.Static[s.key]
		if twice || fixed || slices.ContainsFunc(set.read, func(l labelPlan) bool { return l.name == s.key }) {
			return nil, fmt.Errorf("Path: its label {%s} is there already", s.key)
		}
		set.read = append(set.read, labelPlan{name: s.key, up: set.depth - level, slot: -1})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		l, err := p.label(r, name)
		if err != nil {
			return nil, fmt.Errorf("Labels[%q]: %w", name, err)
		}
		l.up = set.depth - l.up
		set.read = append(set.read, l)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Static)) {
		set.static = append(set.static, metrics.Label{Name: name, Value: r.Static[name]})
	}
	return set, nil
}

// label finds the slot of one; up is the depth of its element.
func (p *plan) label(r *rulePlan, name string) (labelPlan, error) {
	if name == "" {
		return labelPlan{}, errors.New("a label has no name")
	}
	steps, err := parsePath(r.Labels[name], untilWildcard(r.steps))
	if err != nil {
		return labelPlan{}, err
	}
	common := untilWildcard(steps)
	for i, s := range common {
		if i >= len(r.steps) || s.kind != r.steps[i].kind || s.index != r.steps[i].index || s.kind == member && s.key != r.steps[i].key {
			return labelPlan{}, fmt.Errorf("%q has a wildcard where Path does not: which of its values is meant is not known", r.Labels[name])
		}
	}
	n, element := p.walk(steps)
	if n.slot < 0 {
		n.slot = element.slots
		element.slots++
	}
	return labelPlan{name: name, up: wildcards(steps), slot: n.slot}, nil
}

// id is the same for sets that make the same labels.
func (s *labelSet) id() string {
	id := fmt.Sprintf("%d %q", s.depth, s.static)
	for _, l := range s.read {
		id += fmt.Sprintf(" %q %d %d", l.name, l.up, l.slot)
	}
	return id
}

// begin is called for each document.
func (s *labelSet) begin() {
	s.now++
	s.used = 0
}

// end forgets what the document did not have, if that is more than it had.
func (s *labelSet) end() {
	if len(s.known) <= 2*s.used+16 {
		return
	}
	maps.DeleteFunc(s.known, func(_ string, k *knownLabels) bool { return k.used != s.now })
}

// of returns the labels of an element's value.
func (s *labelSet) of(d *document, element int32) (*metrics.Labels, error) {
	s.key = s.key[:0]
	for _, l := range s.read {
		s.key = append(d.label(s.key, element, l), 0) // which no text in JSON has
	}
	k := s.known[string(s.key)]
	if k == nil {
		k = &knownLabels{}
		k.labels, k.err = s.make(d, element)
		s.known[string(s.key)] = k
	}
	if k.used != s.now {
		k.used = s.now
		s.used++
	}
	return k.labels, k.err
}

func (s *labelSet) make(d *document, element int32) (*metrics.Labels, error) {
	all := slices.Clone(s.static)
	for _, l := range s.read {
		raw := d.label(nil, element, l)
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		if raw[0] == '{' || raw[0] == '[' {
			return nil, fmt.Errorf("the label %q is %s, want a string, a number or a boolean", l.name, shown(raw))
		}
		all = append(all, metrics.Label{Name: l.name, Value: strings.ToValidUTF8(plain(raw), "\uFFFD")})
	}
	return metrics.LabelsOf(all), nil
}

// label appends what the document has for l, as it stands there.
func (d *document) label(to []byte, element int32, l labelPlan) []byte {
	for range l.up {
		element = d.elements[element].parent
	}
	e := &d.elements[element]
	if l.slot < 0 {
		return d.name(to, e)
	}
	at := d.slots[int(e.slots)+l.slot]
	return append(to, d.b[at.from:at.to]...)
}

// name appends the key of an element with its quotes, or its index.
func (d *document) name(to []byte, e *elementOf) []byte {
	if e.key.to == 0 {
		return strconv.AppendInt(to, int64(e.key.from), 10)
	}
	return append(to, d.b[e.key.from:e.key.to]...)
}
