package prometheus

import (
	"strings"
	"testing"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// What is read and written is read again, and written as the same bytes.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"# HELP a A \\n \\\\.\n# TYPE a counter\na{b=\"c\\\"\\\\\\n\",} 1 1000\n",
		"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
		"# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"0.5\"} 4\nh_bucket 2\nh 3\nh_count 2.5\n",
		"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum -3\ns_count 2 5\ns_count 2 6\n",
		" a\t{ b = \"c\" , } +Inf\n{\"my.metric\",\"my.label\"=\"x\"} 0x1p-2\n",
		"# TYPE a gauge\na 1\n# TYPE a_sum gauge\na_sum -0\n\n#comment\n# HELP\n",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, strict bool) {
		r := Reader{Strict: strict}
		var b metrics.Batch
		if r.Text(strings.NewReader(text), &b) != nil {
			return
		}
		lenient := Reader{}
		first := written(t, metrics.Text, &b)
		b.Reset()
		if err := r.Text(strings.NewReader(text), &b); err != nil || written(t, metrics.Text, &b) != first {
			t.Fatalf("read again by the same reader: %v\n%s\n%s", err, first, written(t, metrics.Text, &b))
		}
		if collides(&b) {
			return
		}
		roundTrip(t, metrics.Text, lenient.Text, &b)
	})
}

// collides tells whether a name of one family is a sample's of another, or two
// names become one: both are settled by an Exporter.
func collides(b *metrics.Batch) bool {
	seen := map[string]bool{}
	for _, f := range b.Families() {
		name := metrics.MetricName(f.Name)
		if name != f.Name || seen[name] {
			return true
		}
		seen[name] = true
		for _, p := range f.Points {
			for _, l := range p.Labels.All() {
				if metrics.LabelName(l.Name) != l.Name || l.Name == "le" || l.Name == "quantile" {
					return true
				}
			}
		}
	}
	for _, f := range b.Families() {
		for _, suffix := range []string{"_sum", "_count", "_bucket"} {
			if seen[f.Name+suffix] {
				return true
			}
		}
	}
	return false
}

func FuzzOpenMetrics(f *testing.F) {
	for _, seed := range []string{
		"# HELP a_seconds A \\n \\\\ \\\".\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{b=\"c\\\"\\\\\\n\"} 1 1.5 # {x=\"y\"} 0.5 1\na_seconds_created{b=\"c\\\"\\\\\\n\"} 1\n# EOF\n",
		"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2 # {} 1\nh_sum 3\nh_count 2\nh_created 1e9\n# EOF",
		"# TYPE g gaugehistogram\ng_bucket{le=\"-1\"} 1\ng_bucket{le=\"+Inf\"} 2\ng_gsum -3\ng_gcount 2\n# EOF\n",
		"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 3\ns_count 2\n# TYPE i info\ni_info{a=\"b\"} 1\n# TYPE t stateset\nt{t=\"a\"} 0\nt{t=\"b\"} 1\n# EOF\n",
		"a 1 0\na 2 0.0000000001\nb -0\nc +5\nd 1e400\n# EOF\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r Reader
		var b metrics.Batch
		if r.OpenMetrics(strings.NewReader(text), &b) != nil {
			return
		}
		first := written(t, metrics.OpenMetrics, &b)
		b.Reset()
		if err := r.OpenMetrics(strings.NewReader(text), &b); err != nil || written(t, metrics.OpenMetrics, &b) != first {
			t.Fatalf("read again by the same reader: %v\n%s\n%s", err, first, written(t, metrics.OpenMetrics, &b))
		}
		if collides(&b) {
			return
		}
		roundTrip(t, metrics.OpenMetrics, r.OpenMetrics, &b)
	})
}
