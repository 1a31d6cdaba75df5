package redis

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A reader makes metrics of INFO's text. It remembers what each field becomes,
// so that a collection is one look-up a field and one number read.
type reader struct {
	fields   map[string]*field
	families map[string]*family
	tallies  map[string]*tally
	size     int // of all that is remembered, in values

	b         *metrics.Batch
	run       uint64 // counts collections
	unread    int64
	points    int
	summaries []summary
	since     clock
	instance  told
	replica   told
}

// A family is one of the batch, once it has a point.
type family struct {
	metrics.Desc
	ofRun uint64
	in    *metrics.Family
	cpu   bool // a Counter that CONFIG RESETSTAT leaves alone
}

const (
	maxValues = 20_000
	maxName   = 200 // bytes of the name of a field
)

var (
	errNoFields = errors.New("there is no field in what INFO says")
	errMany     = fmt.Errorf("INFO has more than %d values", maxValues)
)

func (r *reader) read(text []byte, b *metrics.Batch, now time.Time) error {
	if r.fields == nil || r.size > maxValues/2 {
		r.fields, r.families, r.tallies, r.size = map[string]*field{}, map[string]*family{}, map[string]*tally{}, 0
	}
	r.run++
	r.b, r.unread, r.points = b, 0, 0
	defer func() { r.b = nil }()
	r.summaries = r.summaries[:0]
	r.instance.begin()
	r.replica.begin()
	r.since.look(text, now)
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || len(name) > maxName {
			r.unread++
			continue
		}
		f := r.fields[string(name)]
		if f == nil {
			if f = r.learn(string(name), value); f == nil {
				return errMany
			}
		}
		if !f.read(r, f, value) {
			r.unread++
		}
		if r.size > maxValues || r.points > maxValues {
			return errMany
		}
	}
	if r.points == 0 {
		return errNoFields
	}
	r.tell()
	return b.Err()
}

// tell adds what is known when all was read.
func (r *reader) tell() {
	for _, s := range r.summaries {
		s.Count, s.Sum = 0, math.NaN()
		if s.run == r.run {
			s.Count, s.Sum = s.calls, s.sum
		}
	}
	r.add(r.named("info_fields_unread", metrics.Gauge, "", "Fields of INFO that are text, or none, and so left out."), nil, metrics.Int(r.unread))
	if l := r.instance.labels(); l != nil {
		r.add(r.named("instance_info", metrics.Info, "", "What the server is."), l, metrics.Int(1))
	}
	if l := r.replica.labels(); l != nil {
		r.add(r.named("slave_info", metrics.Info, "", "Whom the server is a replica of."), l, metrics.Int(1))
	}
	if s := r.since.started; s != 0 {
		r.add(r.named("start_time_seconds", metrics.Gauge, "s", "When the server was started, in Unix time."), nil, metrics.Int(s/1e9))
	}
}

// named returns the family redis_name, which is remembered.
func (r *reader) named(name string, kind metrics.Kind, unit, help string) *family {
	f := r.families[name]
	if f == nil {
		f = &family{Desc: metrics.Desc{Name: metrics.MetricName("redis_" + name), Unit: unit, Kind: kind, Help: help, Verbatim: true}}
		r.families[name] = f
	}
	return f
}

func (r *reader) add(f *family, l *metrics.Labels, v metrics.Value) *metrics.Point {
	if f.ofRun != r.run {
		f.ofRun, f.in = r.run, r.b.Family(f.Desc)
	}
	p := f.in.Add(l, v)
	r.points++
	if f.Kind == metrics.Counter || f.Kind == metrics.Summary {
		p.Start = r.since.counters
		if f.cpu {
			p.Start = r.since.started
		}
	}
	return p
}
