package metrics

import (
	"fmt"
	"unsafe"
)

// limits bound what a Batch takes. 0: no bound.
type limits struct{ points, bytes int }

// pointSize is what a point takes beside its labels and its buckets.
const pointSize = int(unsafe.Sizeof(Point{}))

// Err says which limit of its Exporter b has exceeded; nil if none. Points beyond
// it are not kept, and the source has up 0. One that adds very many asks for it
// now and then, and ends with it.
func (b *Batch) Err() error { return b.err }

// admit counts a point with labels l, and tells whether there is room for it.
func (b *Batch) admit(l *Labels) bool {
	b.points++
	b.bytes += pointSize
	if l != nil {
		b.bytes += len(l.text)
	}
	if b.err != nil {
		return false
	}
	switch {
	case b.limits.points > 0 && b.points > b.limits.points:
		b.err = fmt.Errorf("more than %d points, the first too many in %q", b.limits.points, b.families[len(b.families)-1].Name)
	case b.limits.bytes > 0 && b.bytes > b.limits.bytes:
		b.err = fmt.Errorf("more than %d bytes, the first too many in %q", b.limits.bytes, b.families[len(b.families)-1].Name)
	}
	return b.err == nil
}

// weigh counts what b has to the last bucket, also what was not added by Add.
func (b *Batch) weigh() error {
	b.points, b.bytes = 0, 0
	for _, f := range b.families {
		b.bytes += int(unsafe.Sizeof(*f)) + len(f.Name) + len(f.Help)
		for i := range f.Points {
			p := &f.Points[i]
			b.admit(p.Labels)
			b.bytes += p.weight()
		}
	}
	if b.err == nil && b.limits.bytes > 0 && b.bytes > b.limits.bytes {
		b.err = fmt.Errorf("more than %d bytes", b.limits.bytes)
	}
	return b.err
}

// weight is of what belongs to p alone.
func (p *Point) weight() (n int) {
	if d := p.Buckets; d != nil {
		n += int(unsafe.Sizeof(*d)) + 8*(cap(d.Bounds)+cap(d.Counts))
	}
	if d := p.Exp; d != nil {
		n += int(unsafe.Sizeof(*d)) + 8*(cap(d.Positive.Counts)+cap(d.Negative.Counts))
	}
	if d := p.Quantiles; d != nil {
		n += int(unsafe.Sizeof(*d)) + 16*cap(d.Quantiles)
	}
	return n + len(p.Exemplars)*int(unsafe.Sizeof(Exemplar{}))
}
