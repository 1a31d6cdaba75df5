package metrics

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const textType = "text/plain; version=0.0.4; charset=utf-8"

// A textWriter renders batches as Prometheus text 0.0.4: families by name, series
// by labels, so that the order does not depend on the sources'. Its memory is
// kept from one use to the next.
type textWriter struct {
	out      []byte
	families []textFamily
	index    map[string]int // of families, by name
	series   []series
	labels   labelWriter
}

type textFamily struct {
	name, kind, help string
	rank             int // by name
}

type series struct {
	family   int
	from, to int // of labels.text
	value    Number
}

// render returns the text, which is valid until the next call, and how many
// points were left out: for the type that an earlier batch gave to their name,
// or for a point with the same name and labels, because one of either makes
// Prometheus drop the whole scrape (node_exporter#1885, client_golang#1543).
func (w *textWriter) render(batches []*Batch) (text []byte, conflicts int) {
	w.reset()
	for _, b := range batches {
		conflicts += w.add(b)
	}
	w.sort()
	for i, s := range w.series {
		switch {
		case i == 0 || w.series[i-1].family != s.family:
			w.writeHead(w.families[s.family])
		case bytes.Equal(w.label(w.series[i-1]), w.label(s)):
			conflicts++
			continue
		}
		w.writeSeries(s)
	}
	return w.out, conflicts
}

func (w *textWriter) reset() {
	if w.index == nil {
		w.index = map[string]int{}
	}
	clear(w.index)
	w.out, w.families, w.series = w.out[:0], w.families[:0], w.series[:0]
	w.labels.reset()
}

func (w *textWriter) add(b *Batch) (conflicts int) {
	families := make([]int, len(b.families)) // of b, as indexes of w's
	for i, f := range b.families {
		families[i] = w.family(f)
	}
	for _, p := range b.points {
		family := families[p.family]
		if family < 0 {
			conflicts++
			continue
		}
		from, to := w.labels.add(b.attrs[p.from:p.to])
		w.series = append(w.series, series{family, from, to, p.value})
	}
	return conflicts
}

// family returns the index of f's family, -1 if that is of another type.
func (w *textWriter) family(f Family) int {
	name, kind := promName(f), "gauge"
	if f.Kind == Counter {
		kind = "counter"
	}
	i, known := w.index[name]
	if !known {
		i = len(w.families)
		w.index[name] = i
		w.families = append(w.families, textFamily{name: name, kind: kind, help: f.Help})
	}
	if w.families[i].kind != kind {
		return -1
	}
	return i
}

func (w *textWriter) sort() {
	order := make([]int, len(w.families))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(w.families[a].name, w.families[b].name) })
	for rank, i := range order {
		w.families[i].rank = rank
	}
	slices.SortFunc(w.series, func(a, b series) int {
		return cmp.Or(
			cmp.Compare(w.families[a.family].rank, w.families[b.family].rank),
			bytes.Compare(w.label(a), w.label(b)),
			cmp.Compare(a.from, b.from), // of equal ones the first comes first
		)
	})
}

func (w *textWriter) label(s series) []byte { return w.labels.text[s.from:s.to] }

func (w *textWriter) writeHead(f textFamily) {
	if f.help != "" {
		w.out = append(w.out, "# HELP "...)
		w.out = append(w.out, f.name...)
		w.out = append(w.out, ' ')
		w.out = append(w.out, escapeHelp(f.help)...)
		w.out = append(w.out, '\n')
	}
	w.out = append(w.out, "# TYPE "...)
	w.out = append(w.out, f.name...)
	w.out = append(w.out, ' ')
	w.out = append(w.out, f.kind...)
	w.out = append(w.out, '\n')
}

func (w *textWriter) writeSeries(s series) {
	w.out = append(w.out, w.families[s.family].name...)
	w.out = append(w.out, w.label(s)...)
	if v, isInt := s.value.Int64(); isInt {
		w.out = strconv.AppendInt(w.out, v, 10)
	} else {
		w.out = strconv.AppendFloat(w.out, s.value.Float64(), 'g', -1, 64)
	}
	w.out = append(w.out, '\n')
}
