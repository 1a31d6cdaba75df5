package metrics

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// maxPoints bounds the memory of one collection of one source.
const maxPoints = 200_000

// A Batch is what one collection of one source measured: families and their
// points, in the order of their adding. Its zero value is empty and ready to
// use. It is not safe for concurrent use.
type Batch struct {
	families []Family
	index    map[string]int // of families, by Name
	points   []batchPoint
	attrs    []Attr // of all points, one after the other
	err      error
}

type batchPoint struct {
	family   int
	from, to int // of attrs
	value    Number
}

// Add adds a point to the family with f's name. It copies p.Attrs. What can't be
// served (a name without a letter or digit, a second kind or unit for one name,
// more than 200,000 points) is left out, and Err says the first.
func (b *Batch) Add(f Family, p Point) {
	if err := b.add(f, p); err != nil && b.err == nil {
		b.err = err
	}
}

// Err returns the first reason why Add left a point out, nil if there is none. A
// source whose batch has one counts as failed.
func (b *Batch) Err() error { return b.err }

// Len returns the number of points.
func (b *Batch) Len() int { return len(b.points) }

// All yields each point with its family. The attributes are the batch's own.
func (b *Batch) All() iter.Seq2[Family, Point] {
	return func(yield func(Family, Point) bool) {
		for _, p := range b.points {
			if !yield(b.families[p.family], Point{Attrs: b.attrs[p.from:p.to:p.to], Value: p.value}) {
				return
			}
		}
	}
}

func (b *Batch) add(f Family, p Point) error {
	if len(b.points) == maxPoints {
		return fmt.Errorf("more than %d points, the first too many in %q", maxPoints, f.Name)
	}
	for _, a := range p.Attrs {
		if a.Key == "" || !utf8.ValidString(a.Key) {
			return fmt.Errorf("family %q has an attribute with the invalid key %q", f.Name, a.Key)
		}
	}
	family, err := b.family(f)
	if err != nil {
		return err
	}
	from := len(b.attrs)
	b.attrs = append(b.attrs, p.Attrs...)
	b.points = append(b.points, batchPoint{family, from, len(b.attrs), p.Value})
	return nil
}

func (b *Batch) family(f Family) (int, error) {
	if i, known := b.index[f.Name]; known {
		if old := b.families[i]; old.Kind != f.Kind || old.Unit != f.Unit {
			return 0, fmt.Errorf("family %q is a %v in %q and a %v in %q", f.Name, old.Kind, old.Unit, f.Kind, f.Unit)
		}
		return i, nil
	}
	if !utf8.ValidString(f.Name) || !strings.ContainsFunc(f.Name, isAlphanumeric) {
		return 0, fmt.Errorf("family name %q has no letter or digit, or is not UTF-8", f.Name)
	}
	if int(f.Kind) >= len(kindNames) {
		return 0, fmt.Errorf("family %q is of the unknown %v", f.Name, f.Kind)
	}
	if b.index == nil {
		b.index = map[string]int{}
	}
	b.index[f.Name] = len(b.families)
	b.families = append(b.families, f)
	return len(b.families) - 1, nil
}
