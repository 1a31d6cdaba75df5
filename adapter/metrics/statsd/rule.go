package statsd

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A Rule makes labels of a dotted name. The first one that matches holds.
type Rule struct {
	// Match is the name, in which a * stands for whatever is between two dots, and
	// is a part to refer to: "shop.*.orders.*". Exactly one of Match and Regexp is
	// set. It has to match the whole name, and the tags are none of it.
	Match string

	// Regexp is a regular expression of RE2 that matches anywhere in the name,
	// unless it says ^ and $. Its groups are the parts to refer to.
	Regexp string

	// Types are those that the rule is for. Nil: all.
	Types []Type

	// Drop leaves the sample out, and counts it. Name and Labels are empty then.
	Drop bool

	// Name is what it is called then, of which formats make their own: "orders", or
	// "${1}_orders" with the first part in it. It must not be empty unless Drop is
	// set. A unit or the _total of a counter may be there or not.
	Name string

	// Labels are by name; their values have $1 or ${1} for the first part and $$
	// for $. They win over tags of the same name. Nil: none but the tags.
	Labels map[string]string

	// Help is the sentence for people. Empty: one that names the rule's pattern.
	Help string

	// Observer is for timers, histograms and distributions. Nil: the Source's.
	Observer *Observer

	// TTL is the time-out of these series. 0: the Source's; negative: none.
	TTL time.Duration
}

// A Type is one of StatsD.
type Type string

// These are all of them, as they are written.
const (
	Counter      Type = "c"
	Gauge        Type = "g"
	Timer        Type = "ms"
	Histo        Type = "h"
	Distribution Type = "d"
	Set          Type = "s"
)

var (
	// types are in the order of the op that each is.
	types     = [ops]Type{Counter, Gauge, Timer, Histo, Distribution, Set}
	typeNames = [ops]string{"counter", "gauge", "timer", "histogram", "distribution", "set"}
)

// A pattern is a compiled Rule.
type pattern struct {
	*Rule
	glob   []string // what is between the dots, "*" for anything
	regexp *regexp.Regexp
	types  uint8
	order  int
}

const mostRules, longestRule = 10_000, 10_000

func compile(rules []Rule) ([]*pattern, error) {
	if len(rules) > mostRules {
		return nil, fmt.Errorf("Rules: %d, more than %d", len(rules), mostRules)
	}
	all := make([]*pattern, len(rules))
	for i := range rules {
		p, err := rules[i].compile()
		if err != nil {
			return nil, fmt.Errorf("Rules[%d]: %w", i, err)
		}
		p.order = i
		all[i] = p
	}
	return all, nil
}

func (r *Rule) compile() (*pattern, error) {
	p := &pattern{Rule: r}
	parts := 0
	switch {
	case (r.Match == "") == (r.Regexp == ""):
		return nil, errors.New("exactly one of Match and Regexp is to be set")
	case len(r.Match)+len(r.Regexp) > longestRule:
		return nil, fmt.Errorf("longer than %d bytes", longestRule)
	case r.Match != "":
		p.glob = strings.Split(r.Match, ".")
		for _, part := range p.glob {
			if part == "" || part != "*" && strings.ContainsAny(part, "*:|\n") {
				return nil, fmt.Errorf("Match: %q: %q between two dots is no name and no *", r.Match, part)
			}
			if part == "*" {
				parts++
			}
		}
	default:
		var err error
		if p.regexp, err = regexp.Compile(r.Regexp); err != nil {
			var se *syntax.Error
			if errors.As(err, &se) {
				return nil, fmt.Errorf("Regexp: %q: %s: %q", r.Regexp, se.Code, se.Expr)
			}
			return nil, fmt.Errorf("Regexp: %w", err)
		}
		parts = p.regexp.NumSubexp()
	}
	for _, t := range r.Types {
		op, ok := opOf([]byte(t))
		if !ok {
			return nil, fmt.Errorf("Types: %q is none of %v", t, types)
		}
		p.types |= 1 << op
	}
	return p, r.check(parts)
}

func (r *Rule) check(parts int) error {
	if r.Drop {
		if r.Name != "" || len(r.Labels) > 0 || r.Observer != nil {
			return errors.New("Drop: set, and so is what the sample would become")
		}
		return nil
	}
	if r.Name == "" {
		return errors.New("Name: empty")
	}
	if err := refers(r.Name, parts); err != nil {
		return fmt.Errorf("Name: %w", err)
	}
	for name, value := range r.Labels {
		if name == "" || name != labelName(name) {
			return fmt.Errorf("Labels: %q is no name that a label may have", name)
		}
		if err := refers(value, parts); err != nil {
			return fmt.Errorf("Labels: %s: %w", name, err)
		}
	}
	if r.Observer != nil {
		if err := r.Observer.validate(); err != nil {
			return fmt.Errorf("Observer: %w", err)
		}
	}
	return nil
}

// match returns the parts of name, the whole one first.
func (p *pattern) match(name string, op op) (parts []string, ok bool) {
	if p.types != 0 && p.types&(1<<op) == 0 {
		return nil, false
	}
	if p.regexp != nil {
		parts = p.regexp.FindStringSubmatch(name)
		return parts, parts != nil
	}
	rest := name
	for i, want := range p.glob {
		part, after, more := strings.Cut(rest, ".")
		if more != (i+1 < len(p.glob)) || part == "" || want != "*" && want != part {
			return nil, false
		}
		rest = after
	}
	parts = []string{name}
	for i, part := range strings.Split(name, ".") {
		if p.glob[i] == "*" {
			parts = append(parts, part)
		}
	}
	return parts, true
}

func (p *pattern) labels(tags []metrics.Label, parts []string) []metrics.Label {
	for name, value := range p.Labels {
		tags = append(tags, metrics.Label{Name: name, Value: expand(value, parts)})
	}
	return tags
}
