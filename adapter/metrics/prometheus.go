package metrics

import (
	"io"
	"sync"
)

// The formats that an Exporter always has. Names and units are by the rules of the
// OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; what
// has Delta is left out, because Prometheus has only sums since a start. They
// write families and points in the order that the Batch has, each name once if
// the Batch has it once.
var (
	// Text is Prometheus' text format 0.0.4.
	Text Format = textFormat{}

	// OpenMetrics is OpenMetrics 1.0, as text. It has exemplars and start times.
	OpenMetrics Format = textFormat{open: true}
)

type textFormat struct{ open bool }

func (f textFormat) ContentType() string {
	if f.open {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}

func (f textFormat) Write(w io.Writer, b *Batch) error {
	t := writers.Get().(*textWriter)
	defer writers.Put(t)
	t.chunks.begin(w)
	t.open = f.open
	t.batch(b)
	return t.end()
}

var writers = sync.Pool{New: func() any { return new(textWriter) }}

// A textWriter writes Prometheus' formats. Its memory is kept from one use to the
// next.
type textWriter struct {
	chunks
	open  bool // OpenMetrics
	names names
	taken map[string]*Family // of OpenMetrics, families by their names
	le    bounds
	cum   []uint64
	exp   expanded
}

func (t *textWriter) batch(b *Batch) {
	if t.open {
		t.take(b)
	}
	target := b.Resource == nil
	for _, f := range b.families {
		name := t.names.of(f.Desc)
		if b.Resource != nil && name.text == targetInfo {
			continue // of a source that was read: Resource says what the target is
		}
		if !target && name.text > targetInfo {
			t.target(b.Resource)
			target = true
		}
		if !f.Delta && (len(f.Points) > 0 || f.Verbatim) {
			t.family(f, name)
		}
	}
	if !target {
		t.target(b.Resource)
	}
	if t.open {
		t.out = append(t.out, "# EOF\n"...)
	}
}

const targetInfo = "target_info"

var targetDesc = Desc{Name: "target", Kind: Info, Help: "What all metrics here are of."}

func (t *textWriter) target(resource *Labels) {
	f := Family{Desc: targetDesc, Points: []Point{{Labels: resource, Value: Int(1)}}}
	t.family(&f, t.names.of(targetDesc))
}

func (t *textWriter) family(f *Family, name *familyName) {
	head, unit, kind := name.text, "", prometheusKinds[f.Kind]
	if t.open {
		head, unit, kind = name.base, name.unit, openMetricsKinds[f.Kind]
		if t.clashes(f, name) {
			head, unit, kind = name.text, "", openMetricsKinds[Unknown]
		}
	}
	if f.Help != "" {
		t.line("# HELP ", head)
		t.out = append(t.out, ' ')
		t.out = appendEscaped(t.out, f.Help, t.open)
		t.out = append(t.out, '\n')
	}
	t.line("# TYPE ", head)
	t.out = append(t.out, ' ')
	t.out = append(t.out, kind...)
	t.out = append(t.out, '\n')
	if unit != "" {
		t.line("# UNIT ", head)
		t.out = append(t.out, ' ')
		t.out = append(t.out, unit...)
		t.out = append(t.out, '\n')
	}
	switch f.Kind {
	case Histogram, GaugeHistogram, ExpHistogram:
		t.histograms(f, name.base)
	case Summary:
		t.summaries(f, name.base)
	case Counter:
		if t.open {
			t.counters(f, name, kind == "unknown")
			return
		}
		t.values(f, name.text)
	default:
		t.values(f, name.text)
	}
}

func (t *textWriter) line(what, name string) {
	t.out = append(t.out, what...)
	t.out = append(t.out, name...)
}

// take notes who has which name: OpenMetrics does not allow the gauge x beside the
// counter x_total, which classic text has often, or a gauge x_created.
func (t *textWriter) take(b *Batch) {
	if t.taken == nil {
		t.taken = map[string]*Family{}
	}
	clear(t.taken)
	for _, f := range b.families {
		name := t.names.of(f.Desc)
		if owner := t.taken[name.base]; owner == nil || suffixes[owner.Kind] != "" {
			t.taken[name.base] = f
		}
	}
}

// clashes tells whether f can't have its kind: it lacks the suffix, or another
// family has the name that is left without it.
func (t *textWriter) clashes(f *Family, name *familyName) bool {
	if suffixes[f.Kind] == "" {
		return false
	}
	owner := t.taken[name.base]
	return len(name.text) == len(name.base) || owner != f && owner != nil
}

// free tells whether no family has the name base + suffix.
func (t *textWriter) free(base, suffix string) bool {
	t.key = append(append(t.key[:0], base...), suffix...)
	return t.taken[string(t.key)] == nil
}
