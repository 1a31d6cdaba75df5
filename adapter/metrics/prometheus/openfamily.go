package prometheus

import (
	"errors"
	"fmt"
	"math"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// enterFamily ends the family in hand and begins the one of a name.
func (r *Reader) enterFamily(name []byte) error {
	if err := r.close(); err != nil {
		return err
	}
	if r.families.seen(string(name)) != nil {
		return fmt.Errorf("%s is in several places", name)
	}
	o := &r.open
	o.of = r.families.open(name)
	o.group = nil
	return nil
}

// close holds the family in hand to what can be said now.
func (r *Reader) close() error {
	of := r.open.of
	if of == nil {
		return nil
	}
	for _, name := range of.taken() {
		if _, clash := r.open.names[name]; clash {
			return fmt.Errorf("%s: its name %s is another's", of.name, name)
		}
		r.open.names[name] = struct{}{}
	}
	of.full = of.names[0]
	if u := of.unit; of.united && u != "" {
		n := len(of.name) - len(u)
		if n < 1 || of.name[n:] != u || of.name[n-1] != '_' {
			return fmt.Errorf("%s does not end with its unit %q", of.name, u)
		}
		if of.kind == metrics.Info || of.kind == metrics.StateSet {
			return fmt.Errorf("%s is a %v, which has no unit", of.name, of.kind)
		}
	}
	if !distribution(of.kind) {
		return nil
	}
	for i := range of.out.Points {
		p := &of.out.Points[i]
		if d := p.Buckets; d != nil {
			if err := openJudge(d, of.kind); err != nil {
				return fmt.Errorf("%s{%s}: %w", of.name, p.Labels.Text(), err)
			}
		}
	}
	return of.finish()
}

// taken are the names that no other family may have: the first is the one in text
// 0.0.4.
func (of *family) taken() []string {
	if of.names != nil && of.namesFor == of.kind {
		return of.names
	}
	of.namesFor, of.names = of.kind, of.names[:0]
	switch of.kind {
	case metrics.Counter, metrics.Info:
		of.names = append(of.names, of.name+openSamples[of.kind][0].suffix, of.name)
	default:
		of.names = append(of.names, of.name)
	}
	for _, s := range openSamples[of.kind] {
		if name := of.name + s.suffix; name != of.names[0] && s.suffix != "" {
			of.names = append(of.names, name)
		}
	}
	return of.names
}

// openJudge holds what OpenMetrics wants of buckets beyond that they are some.
func openJudge(d *metrics.Buckets, k metrics.Kind) error {
	n := len(d.Bounds)
	if n == 0 || !math.IsInf(d.Bounds[n-1], 1) {
		return errors.New("no bucket +Inf at the end")
	}
	for i := 1; i < n; i++ {
		if !(d.Bounds[i] > d.Bounds[i-1]) {
			return errors.New("the buckets do not grow")
		}
	}
	sum, count := !math.IsNaN(d.Sum), !math.IsNaN(unbits(d.Count))
	negative := d.Bounds[0] < 0
	switch {
	case sum != count:
		return errors.New("of sum and count there is only one")
	case negative && sum && k == metrics.Histogram:
		return errors.New("a sum, and a bucket below 0")
	case !negative && d.Sum < 0:
		return errors.New("a sum below 0, and no bucket")
	}
	return nil
}
