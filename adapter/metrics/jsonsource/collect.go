package jsonsource

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

var faultsDesc = metrics.Desc{
	Name: "json.faults", Unit: "{fault}", Kind: metrics.Counter,
	Help: "Values of the documents that rules could not take, or that were not there.",
}

// WellKnown are the metrics that a Source has of its own, beside those of its
// rules.
func WellKnown() []metrics.Desc { return []metrics.Desc{faultsDesc} }

// mostFaults is how many faults of a document an error tells.
const mostFaults = 5

// A round is one document's points.
type round struct {
	*Source
	b      *metrics.Batch
	values uint64
	faults uint64
	told   []error
}

// add makes points of what the document has.
func (s *Source) add(ctx context.Context, b *metrics.Batch) error {
	r := &round{Source: s, b: b}
	for _, set := range s.plan.sets {
		set.begin()
	}
	for _, rules := range s.plan.families {
		f := b.Family(rules[0].desc())
		for _, rule := range rules {
			first := r.rule(f, rule)
			r.tell(ctx, rule, first)
		}
		if err := b.Err(); err != nil {
			return err
		}
	}
	for _, set := range s.plan.sets {
		set.end()
	}
	s.stats.Values += r.values
	s.stats.Faults += r.faults
	if r.faults > 0 && (s.Strict || r.values == 0) {
		return r.err()
	}
	b.Family(faultsDesc).Add(s.self, metrics.Int(int64(s.stats.Faults)))
	return nil
}

// rule adds the points of one, and returns its first fault.
func (r *round) rule(f *metrics.Family, rule *rulePlan) (first error) {
	fault := func(err error) {
		r.faults++
		if first == nil {
			first = fmt.Errorf("%v: %w", rule, err)
		}
	}
	if len(rule.hits) == 0 && !rule.Optional && (rule.last == nil || rule.anchor.seen == 0 || rule.last.seen > 0) {
		fault(errors.New("there is nothing"))
	}
	for _, h := range rule.hits {
		err := r.hit(f, rule, h)
		if err != nil {
			fault(r.at(rule, h, err))
			continue
		}
		r.values++
	}
	return first
}

func (r *round) hit(f *metrics.Family, rule *rulePlan, h hit) error {
	d := &r.doc
	if rule.states != nil {
		return rule.addState(f, d, h)
	}
	v, err := rule.value(d.b[h.from:h.to])
	if err != nil {
		return err
	}
	l, err := rule.labels.of(d, h.element)
	if err != nil {
		return err
	}
	f.Add(l, v)
	return nil
}

// at says where the fault is, if a wildcard has to be told.
func (r *round) at(rule *rulePlan, h hit, err error) error {
	if rule.last == nil {
		return err
	}
	return fmt.Errorf("%s: %w", r.doc.path(rule.steps, h.element), err)
}

// path is where a value is, with what the wildcards stand for.
func (d *document) path(steps []step, of int32) string {
	var keys []string
	for of != 0 {
		e := &d.elements[of]
		keys = append(keys, e.step(d))
		of = e.parent
	}
	var text strings.Builder
	text.WriteByte('$')
	for _, s := range steps {
		switch {
		case s.kind == every && len(keys) > 0:
			text.WriteString(keys[len(keys)-1])
			keys = keys[:len(keys)-1]
		case s.kind == element:
			fmt.Fprintf(&text, "[%d]", s.index)
		default:
			text.WriteString(shownKey(s.key))
		}
	}
	return text.String()
}

// step is what e was in a path.
func (e *elementOf) step(d *document) string {
	name := d.name(nil, e)
	if name[0] != '"' {
		return "[" + string(name) + "]"
	}
	return shownKey(plain(name))
}

func shownKey(key string) string {
	odd := func(r rune) bool {
		return !(r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	if key == "" || len(key) > 60 || strings.ContainsFunc(key, odd) {
		return fmt.Sprintf("[%.60q]", key)
	}
	return "." + key
}

// tell logs the first fault of a rule that had none the last time, and that it
// has none any longer.
func (r *round) tell(ctx context.Context, rule *rulePlan, first error) {
	if first != nil {
		r.stats.Last = first
		if len(r.told) < mostFaults {
			r.told = append(r.told, first)
		}
	}
	if r.Strict || rule.told == (first != nil) {
		return
	}
	rule.told = first != nil
	log := sandbox.Logger(ctx).With("source", r.String())
	if first == nil {
		log.Info("the rule takes all values again", "rule", rule.String())
		return
	}
	log.Warn("the rule could not take a value", "error", first)
}

// err tells the first fault of the first rules that have one.
func (r *round) err() error {
	texts := make([]string, len(r.told))
	for i, err := range r.told {
		texts[i] = err.Error()
	}
	return fmt.Errorf("%d faults: %s", r.faults, strings.Join(texts, "; "))
}
