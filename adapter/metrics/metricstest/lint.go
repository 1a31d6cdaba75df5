package metricstest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// Lint fails t for whatever is wrong with what source adds: names and labels by
// the rules that promtool has ("promtool check metrics") and the registry of well-known
// metrics, values by what their kind allows, and anything that is there twice. It
// collects twice, as a second collection must not have another type.
func Lint(t testing.TB, source metrics.Source) {
	t.Helper()
	for _, problem := range lint(Collect(t, source), time.Now()) {
		t.Errorf("metricstest: %v: %s", source, problem)
	}
	kinds := map[string]metrics.Desc{}
	for range 2 {
		for _, f := range Collect(t, source).Families() {
			if before, ok := kinds[f.Name]; ok && before != f.Desc {
				t.Errorf("metricstest: %v: %s: described as %+v, and then as %+v", source, f.Name, before, f.Desc)
			}
			kinds[f.Name] = f.Desc
		}
	}
}

// LintBatch is Lint of what was collected already.
func LintBatch(t testing.TB, b *metrics.Batch) {
	t.Helper()
	for _, problem := range lint(b, time.Now()) {
		t.Errorf("metricstest: %s", problem)
	}
}

func lint(b *metrics.Batch, now time.Time) (problems []string) {
	add := func(f *metrics.Family, format string, args ...any) {
		problems = append(problems, f.Name+": "+fmt.Sprintf(format, args...))
	}
	families := map[string]bool{}
	for _, f := range b.Families() {
		if families[f.Name] {
			add(f, "it is there twice")
		}
		families[f.Name] = true
		if d, ok := metrics.WellKnown(f.Name); ok && (d.Unit != f.Unit || d.Kind != f.Kind || d.Help != f.Help) {
			add(f, "it is well known, with the unit %q, the kind %v and the help %q", d.Unit, d.Kind, d.Help)
		}
		name := shownName(f.Desc)
		for _, problem := range lintName(name, f.Desc) {
			add(f, "%s", problem)
		}
		if len(f.Points) == 0 {
			add(f, "it has no point")
		}
		series := map[string]bool{}
		for i := range f.Points {
			p := &f.Points[i]
			if text := p.Labels.Text(); series[text] {
				add(f, "the series {%s} is there twice", text)
			} else {
				series[text] = true
			}
			for _, problem := range slices.Concat(lintLabels(f, p), lintPoint(f, p, now)) {
				add(f, "{%s}: %s", p.Labels.Text(), problem)
			}
		}
	}
	return problems
}

// shownName is what Prometheus' text has for a family, as that is what is judged.
func shownName(d metrics.Desc) string {
	var b metrics.Batch
	var out strings.Builder
	f := b.Family(d)
	f.Kind = metrics.Unknown
	if d.Kind == metrics.Counter || d.Kind == metrics.Info {
		f.Kind = d.Kind
	}
	f.Add(nil, metrics.Int(1))
	if metrics.Text.Write(&out, &b) != nil {
		return ""
	}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			name, _, _ := strings.Cut(line, " ")
			return name
		}
	}
	return ""
}

func lintLabels(f *metrics.Family, p *metrics.Point) (problems []string) {
	for _, l := range p.Labels.All() {
		name := metrics.LabelName(l.Name)
		switch {
		case l.Name == "":
			problems = append(problems, "a label has no name")
		case strings.HasPrefix(l.Name, "__"):
			problems = append(problems, fmt.Sprintf("the label %s begins with two underscores, as only Prometheus' own do", l.Name))
		case name == "le" || name == "quantile":
			problems = append(problems, fmt.Sprintf("the label %s is of histograms and summaries", name))
		case camel(l.Name):
			problems = append(problems, fmt.Sprintf("the label %s is in camelCase", l.Name))
		}
	}
	return problems
}

// lintPoint holds a point against its kind.
func lintPoint(f *metrics.Family, p *metrics.Point, now time.Time) (problems []string) {
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	v := p.Value.Float()
	soon := now.Add(time.Minute).UnixNano()
	wrong(p.Start < 0 || p.Start > soon, "Start is %v", time.Unix(0, p.Start).UTC())
	wrong(p.Time < 0 || p.Time > soon, "Time is %v", time.Unix(0, p.Time).UTC())
	wrong(p.Time != 0 && p.Start > p.Time, "Start is after Time")
	buckets := f.Kind == metrics.Histogram || f.Kind == metrics.GaugeHistogram
	wrong(buckets != (p.Buckets != nil), "Buckets and the kind %v do not fit", f.Kind)
	wrong((f.Kind == metrics.ExpHistogram) != (p.Exp != nil), "Exp and the kind %v do not fit", f.Kind)
	wrong((f.Kind == metrics.Summary) != (p.Quantiles != nil), "Quantiles and the kind %v do not fit", f.Kind)
	switch f.Kind {
	case metrics.Counter:
		wrong(!(v >= 0) || math.IsInf(v, 0), "a counter is %v", v)
	case metrics.Info:
		wrong(v != 1, "an info is %v, not 1", v)
	case metrics.StateSet:
		wrong(v != 0 && v != 1, "a state is %v, neither 0 nor 1", v)
	}
	if d := p.Buckets; d != nil {
		wrong(len(d.Counts) != len(d.Bounds)+1, "there are %d counts of %d bounds, not one more", len(d.Counts), len(d.Bounds))
		wrong(!growing(d.Bounds), "bounds do not grow: %v", d.Bounds)
		sum := uint64(0)
		for _, n := range d.Counts {
			sum += n
		}
		wrong(sum != d.Count, "the buckets have %d, and Count is %d", sum, d.Count)
	}
	if q := p.Quantiles; q != nil {
		var of []float64
		for _, one := range q.Quantiles {
			wrong(!(one.Q >= 0 && one.Q <= 1), "a quantile of %v", one.Q)
			of = append(of, one.Q)
		}
		wrong(!growing(of), "quantiles do not grow: %v", of)
	}
	return problems
}

func growing(all []float64) bool {
	for i, v := range all {
		if math.IsNaN(v) || math.IsInf(v, 1) || i > 0 && all[i-1] >= v {
			return false
		}
	}
	return true
}
