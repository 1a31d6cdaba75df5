package jsonsource

import (
	"fmt"
	"maps"
	"slices"
)

// A plan is rules made ready: a tree of all their paths.
type plan struct {
	rules    []*rulePlan
	families [][]*rulePlan // of one name each, in the order of the first
	sets     []*labelSet
	nodes    []*node // the first is the root
}

// A rulePlan is a rule, and what it found in a document.
type rulePlan struct {
	*Rule
	steps  []step
	anchor *node // up to the first wildcard, or the whole path
	last   *node // the last wildcard; nil: there is none
	labels *labelSet
	enum   map[string]float64
	other  *float64 // what Enum has for all others
	states []*stateSet
	hits   []hit
	told   bool // that it has a fault
}

// A node is a step of paths, after all those before it.
type node struct {
	keys   []edge
	byKey  map[string]*node // of many keys
	expect int              // the key that is likely to come next
	at     []*node          // by index
	each   *node

	rules []*rulePlan // whose path ends here
	slot  int         // of its element, where the value is kept; -1: it is no label
	slots int         // that an element has, of a wildcard or the root
	seen  int         // how often, in a document
}

type edge struct {
	key  string
	node *node
}

const (
	manyKeys = 8
	maxIndex = 10_000
)

func compile(rules []Rule) (*plan, error) {
	if len(rules) == 0 || len(rules) > maxRules {
		return nil, fmt.Errorf("Rules: there are %d, want 1 to %d", len(rules), maxRules)
	}
	p := &plan{}
	p.node()
	byName := map[string]int{}
	bySet := map[string]*labelSet{}
	for i := range rules {
		r := &rulePlan{Rule: &rules[i]}
		err := r.check()
		if err == nil {
			err = p.add(r, bySet)
		}
		f, ok := byName[r.Name]
		switch {
		case !ok:
			f = len(p.families)
			byName[r.Name] = f
			p.families = append(p.families, nil)
		case err == nil:
			err = r.conflict(p.families[f][0].Rule)
		}
		if err != nil {
			return nil, fmt.Errorf("Rules[%d] (%v): %w", i, r, err)
		}
		p.families[f] = append(p.families[f], r)
		p.rules = append(p.rules, r)
	}
	for _, n := range p.nodes {
		if len(n.keys) > manyKeys {
			n.byKey = map[string]*node{}
			for _, e := range n.keys {
				n.byKey[e.key] = e.node
			}
		}
	}
	return p, nil
}

func (p *plan) node() *node {
	n := &node{slot: -1}
	p.nodes = append(p.nodes, n)
	return n
}

func (p *plan) add(r *rulePlan, sets map[string]*labelSet) (err error) {
	if r.steps, err = parsePath(r.Path, nil); err != nil {
		return fmt.Errorf("Path: %w", err)
	}
	if r.Path[0] == '@' {
		return fmt.Errorf("Path: %q: an @ is for labels", r.Path)
	}
	n, last := p.walk(r.steps)
	n.rules = append(n.rules, r)
	if last != p.nodes[0] {
		r.last = last
	}
	first := slices.IndexFunc(r.steps, func(s step) bool { return s.kind == every })
	if first < 0 {
		first = len(r.steps)
	}
	r.anchor, _ = p.walk(r.steps[:first])
	if r.Enum != nil {
		r.enum = maps.Clone(r.Enum)
		if v, ok := r.enum[""]; ok {
			r.other = &v
			delete(r.enum, "")
		}
	}
	labels, err := p.labels(r)
	if err != nil {
		return err
	}
	if r.States == nil {
		r.labels = sets[labels.id()]
		if r.labels == nil {
			r.labels = labels
			sets[labels.id()] = labels
			p.sets = append(p.sets, labels)
		}
		return nil
	}
	return r.addStates(p, labels)
}

// walk returns the node at the end of steps, and the last wildcard or the root.
func (p *plan) walk(steps []step) (n, last *node) {
	n, last = p.nodes[0], p.nodes[0]
	for _, s := range steps {
		switch s.kind {
		case member:
			i := slices.IndexFunc(n.keys, func(e edge) bool { return e.key == s.key })
			if i < 0 {
				i = len(n.keys)
				n.keys = append(n.keys, edge{s.key, p.node()})
			}
			n = n.keys[i].node
		case element:
			for len(n.at) <= s.index {
				n.at = append(n.at, nil)
			}
			if n.at[s.index] == nil {
				n.at[s.index] = p.node()
			}
			n = n.at[s.index]
		default:
			if n.each == nil {
				n.each = p.node()
			}
			n, last = n.each, n.each
		}
	}
	return n, last
}
