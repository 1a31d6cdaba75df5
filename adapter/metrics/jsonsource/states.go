package jsonsource

import (
	"fmt"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A stateSet is a state, and the labels of its point.
type stateSet struct {
	name   string
	labels *labelSet
}

// addStates makes the labels of each state of those of the rule.
func (r *rulePlan) addStates(p *plan, labels *labelSet) error {
	for _, l := range append(labels.static, namesOf(labels.read)...) {
		if l.Name == r.Name {
			return fmt.Errorf("Labels[%q]: it is the label that tells the state", r.Name)
		}
	}
	seen := map[string]bool{}
	for i, name := range r.States {
		if name == "" || seen[name] {
			return fmt.Errorf("States[%d]: %q is empty or there already", i, name)
		}
		seen[name] = true
		own := *labels
		own.static = append(append([]metrics.Label(nil), labels.static...), metrics.Label{Name: r.Name, Value: name})
		own.known = map[string]*knownLabels{}
		r.states = append(r.states, &stateSet{name, &own})
		p.sets = append(p.sets, &own)
	}
	r.labels = r.states[0].labels
	return nil
}

func namesOf(read []labelPlan) (all []metrics.Label) {
	for _, l := range read {
		all = append(all, metrics.Label{Name: l.name})
	}
	return all
}

// addState adds the points of a hit.
func (r *rulePlan) addState(f *metrics.Family, d *document, h hit) error {
	raw := d.b[h.from:h.to]
	if raw[0] == '{' || raw[0] == '[' {
		return fmt.Errorf("it is %s, want one of the states", shown(raw))
	}
	now := plain(raw)
	is := -1
	for i, s := range r.states {
		if s.name == now {
			is = i
		}
	}
	if is < 0 {
		return fmt.Errorf("%s is none of the states", shown(raw))
	}
	if _, err := r.labels.of(d, h.element); err != nil {
		return err
	}
	for i, s := range r.states {
		l, _ := s.labels.of(d, h.element)
		v := metrics.Int(0)
		if i == is {
			v = metrics.Int(1)
		}
		f.Add(l, v)
	}
	return nil
}
