package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// arrange brings b into the order that is served, families by their names in
// Prometheus' text and points by their labels, and leaves out what comes twice in
// a family. What is in order already, as what comes from the same source again
// and again is, costs only the look. It returns how many points were left out, or
// why b can't be served.
func (b *Batch) arrange(n *names) (twice int, err error) {
	for _, f := range b.families {
		if err := f.check(); err != nil {
			return 0, err
		}
	}
	if err := b.weigh(); err != nil {
		return 0, err
	}
	for _, f := range b.families {
		twice += f.arrange()
	}
	byName := func(f, g *Family) int { return strings.Compare(n.of(f.Desc).text, n.of(g.Desc).text) }
	if !slices.IsSortedFunc(b.families, byName) {
		slices.SortStableFunc(b.families, byName)
	}
	return twice, nil
}

func (f *Family) check() error {
	switch {
	case !utf8.ValidString(f.Name) || !strings.ContainsFunc(f.Name, alphanumeric):
		return fmt.Errorf("family name %q has no letter or digit, or is not UTF-8", f.Name)
	case int(f.Kind) >= len(kinds):
		return fmt.Errorf("family %q is of the unknown kind %d", f.Name, f.Kind)
	}
	for i := range f.Points {
		p := &f.Points[i]
		var ok bool
		switch f.Kind {
		case Histogram, GaugeHistogram:
			ok = p.Buckets != nil && len(p.Buckets.Counts) == len(p.Buckets.Bounds)+1
		case ExpHistogram:
			ok = p.Exp != nil
		case Summary:
			ok = p.Quantiles != nil
		default:
			continue
		}
		if !ok {
			return fmt.Errorf("family %q is a %v, and its point {%s} has not the data of one", f.Name, f.Kind, p.Labels.Text())
		}
	}
	return nil
}

// arrange sorts the points, and of equal ones keeps the first.
func (f *Family) arrange() (twice int) {
	switch f.Kind {
	case Histogram, ExpHistogram, GaugeHistogram:
		twice = f.without("le")
	case Summary:
		twice = f.without("quantile")
	}
	before, sorted := "", true
	for i := range f.Points {
		text := f.Points[i].Labels.Text()
		if i > 0 && text <= before {
			if text < before || f.Points[i].Time <= f.Points[i-1].Time {
				sorted = false
				break
			}
		}
		before = text
	}
	if sorted {
		return twice
	}
	slices.SortStableFunc(f.Points, comparePoints)
	all := len(f.Points)
	f.Points = slices.CompactFunc(f.Points, samePoint)
	return twice + all - len(f.Points)
}

// without leaves out the points that have a label which the family's kind gives
// another meaning.
func (f *Family) without(label string) int {
	all := len(f.Points)
	f.Points = slices.DeleteFunc(f.Points, func(p Point) bool { return p.Labels.Value(label) != "" })
	return all - len(f.Points)
}

func comparePoints(p, q Point) int {
	return cmp.Or(strings.Compare(p.Labels.Text(), q.Labels.Text()), cmp.Compare(p.Time, q.Time))
}

func samePoint(p, q Point) bool { return p.Time == q.Time && p.Labels.Text() == q.Labels.Text() }
