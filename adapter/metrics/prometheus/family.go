package prometheus

import (
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A family is what the metadata and the samples of one name say. It is remembered
// from one reading to the next.
type family struct {
	name    string // in OpenMetrics without _total and _info
	full    string // with them
	reading uint64 // the one it was in last
	number  uint64 // of its place in that one

	kind                  metrics.Kind
	typed, helped, united bool
	help, unit            string

	out     *metrics.Family
	sampled bool
	ended   bool                    // another one came behind it, read strictly
	points  map[*metrics.Labels]int // of a distribution, the last one of each
	current int                     // the point that was added to last

	names    []string // of OpenMetrics, what it takes from others
	namesFor metrics.Kind
}

// A role is which sample of its family one is.
type role uint8

const (
	asValue role = iota
	asBucket
	asSum
	asCount
	asQuantile
	asCreated
	asNothing // of a distribution what belongs to none of its points
)

// families are those of a Reader.
type families struct {
	b       *metrics.Batch
	all     map[string]*family
	order   []*family // of this reading
	reading uint64
	numbers uint64
	epoch   uint64 // grows with each family that was not there before
}

func (f *families) begin(b *metrics.Batch) {
	if f.all == nil || len(f.all) > 2*len(f.order)+1000 {
		f.all = map[string]*family{}
		f.epoch++
	}
	f.reading++
	f.b, f.order = b, f.order[:0]
}

// seen returns the family of a name, if it was in this reading already.
func (f *families) seen(name string) *family {
	if of := f.all[name]; of != nil && of.reading == f.reading {
		return of
	}
	return nil
}

// open returns the family of a name, which this reading has from here on.
func (f *families) open(name []byte) *family {
	of := f.all[string(name)]
	if of == nil {
		of = &family{name: strings.Clone(string(name))}
		of.full = of.name
		f.all[of.name] = of
		f.epoch++
	}
	if of.reading != f.reading {
		f.numbers++
		of.reading, of.number = f.reading, f.numbers
		of.kind, of.typed, of.helped, of.united, of.sampled, of.ended = metrics.Unknown, false, false, false, false, false
		of.current = -1
		of.out = f.b.Family(metrics.Desc{Name: of.name, Verbatim: true})
		f.order = append(f.order, of)
	}
	return of
}

func (of *family) setHelp(text []byte) {
	of.helped = true
	if string(text) != of.help {
		of.help = string(text)
	}
}

func (of *family) setUnit(text []byte) {
	of.united = true
	if string(text) != of.unit {
		of.unit = string(text)
	}
}

// describe writes into the Desc what is known when all is read.
func (of *family) describe() {
	d := &of.out.Desc
	d.Name, d.Kind, d.Help, d.Unit = of.full, of.kind, "", ""
	if of.helped {
		d.Help = of.help
	}
	if of.united && of.unit != "" {
		if d.Unit = metrics.UnitOf(of.unit); d.Unit == "1" && d.Kind != metrics.Gauge {
			d.Unit = of.unit
		}
	}
}

func distribution(k metrics.Kind) bool {
	return k == metrics.Histogram || k == metrics.GaugeHistogram || k == metrics.Summary
}
