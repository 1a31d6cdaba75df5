package metrics

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/prometheus"
)

// seeds are texts of any shape.
var seeds = []string{
	"# HELP a A \\n \\\\.\n# TYPE a counter\na{b=\"c\\\"\\\\\\n\",} 1 1000\na 2\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
	"# TYPE h histogram\nh_bucket{x=\"y\",le=\"1\"} 3\nh_bucket{le=\"0.5\",x=\"y\"} 4\nh_count{x=\"y\"} 5\n",
	"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum -3\ns_count 2\n# TYPE t summary\nt_count 1\n",
	" a\t{ b = \"c\" , } +Inf\n{\"my.metric\",\"my.label\"=\"x\"} 1e-3\n",
	"# TYPE a gauge\na 1\n# TYPE a_sum gauge\na_sum -0\n\n#comment\n# HELP\nb_count 1 -5\nb_bucket{le=\"x\"} 1\n",
	"#TYPE a GAUGE\na 1.\n# HELP x\n# TYPE x\n#  HELP y z \ny .5\nz 00012\n",
	"a 1\nb 2\na{c=\"d\"} 3\n# TYPE c gauge\n# HELP c late\nc{__x=\"y\"} 9007199254740993\n",
}

// TestTextAgreesWithExpfmt and the fuzz target hold that all that expfmt takes is
// taken, and means the same to it when it is written again.
func TestTextAgreesWithExpfmt(t *testing.T) {
	for _, s := range seeds {
		agreeWithExpfmt(t, s)
	}
}

func FuzzTextAgreesWithExpfmt(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { agreeWithExpfmt(t, text) })
}

// odd are names with quotes in them, of which it takes what is neither a name nor
// quoted.
var odd = regexp.MustCompile(`(?m)#[^\n]*"|[{,]\s*[a-zA-Z0-9_]+"|^[^{\n]*"|^[ \t]*{`)

func agreeWithExpfmt(t *testing.T, text string) {
	t.Helper()
	want, err := expfmtSamples(text)
	var r prometheus.Reader
	var b metrics.Batch
	ours := r.Text(strings.NewReader(text), &b)
	if err != nil || odd.MatchString(text) {
		return // what it refuses may be taken, as OpenMetrics' kinds are
	}
	require.NoError(t, ours, "%q", text)
	var again strings.Builder
	require.NoError(t, metrics.Text.Write(&again, &b))
	if want == nil {
		return // it has what expfmt has no way to tell
	}
	got, err := expfmtSamples(again.String())
	require.NoError(t, err, "%q became %q", text, again.String())
	require.Equal(t, want, got, "%q became %q", text, again.String())
}

// expfmtSamples are the plain samples by series. It is nil where there are
// distributions, of which expfmt keeps a part or bends it (counts that are no whole
// numbers, buckets that fall), and names that are made others when they are written.
func expfmtSamples(text string) (map[string]string, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range sortedKeys(families) {
		f := families[name]
		for _, m := range f.Metric {
			if m.Histogram != nil || m.Summary != nil || !classic(name, m) {
				return nil, nil
			}
			if at := m.GetTimestampMs(); at > maxMillis || at < -maxMillis {
				return nil, nil
			}
			v := m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
			key := fmt.Sprint(name, f.GetType(), f.GetHelp(), labelText(m), m.GetTimestampMs(), m.TimestampMs != nil)
			all[key] += fmt.Sprint(v, " ", math.Signbit(v), ";")
		}
	}
	return all, nil
}

// maxMillis is about the last time that int64 nanoseconds have.
const maxMillis = 9e12

func classic(name string, m *dto.Metric) bool {
	for _, l := range m.Label {
		if metrics.LabelName(l.GetName()) != l.GetName() {
			return false
		}
	}
	return metrics.MetricName(name) == name
}

func labelText(m *dto.Metric) string {
	set := map[string]string{}
	for _, l := range m.Label {
		if l.GetValue() != "" {
			set[l.GetName()] = l.GetValue()
		}
	}
	return fmt.Sprint(set)
}

func sortedKeys[V any](m map[string]V) []string {
	var all []string
	for k := range maps.Keys(m) {
		all = append(all, k)
	}
	return all
}

var openSeeds = []string{
	"# HELP a_seconds A \\n \\\\ \\\".\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{b=\"c\\\"\\\\\\n\"} 1 1.5 # {x=\"y\"} 0.5 1\na_seconds_created{b=\"c\\\"\\\\\\n\"} 1 1.5\n# EOF\n",
	"# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2 # {z=\"\"} 3\nh_sum 3.0\nh_count 2\nh_created 1e9\n# EOF",
	"# TYPE g gaugehistogram\ng_bucket{le=\"-1.0\"} 1\ng_bucket{le=\"+Inf\"} 2\ng_gsum -3.5\ng_gcount 2\n# EOF\n",
	"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 3\ns_count 2\n# TYPE i info\ni_info{a=\"b\"} 1\n# TYPE t stateset\nt{t=\"a\"} 0\nt{t=\"b\"} 1\n# EOF\n",
	"a 1 1\na 2 2\nb -5\nc +5\nd 1e300\n# EOF\n",
}

// TestOpenMetricsAgreesWithTextparse and the fuzz target hold that what is taken is
// taken by textparse too, and has the same series, values, times and exemplars when
// it is written again.
func TestOpenMetricsAgreesWithTextparse(t *testing.T) {
	for _, s := range openSeeds {
		require.True(t, agreeWithTextparse(t, s), s)
	}
}

func FuzzOpenMetricsAgreesWithTextparse(f *testing.F) {
	for _, s := range openSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { agreeWithTextparse(t, text) })
}

func agreeWithTextparse(t *testing.T, text string) bool {
	t.Helper()
	var r prometheus.Reader
	var b metrics.Batch
	if r.OpenMetrics(strings.NewReader(text), &b) != nil {
		return false
	}
	want, err := textparseSamples(text)
	if err != nil {
		return false // it has a few limits of its own, as of le's and names
	}
	var again strings.Builder
	require.NoError(t, metrics.OpenMetrics.Write(&again, &b))
	got, err := textparseSamples(again.String())
	require.NoError(t, err, again.String())
	for key := range got {
		require.Contains(t, want, key, "%q became %q", text, again.String())
	}
	return len(got) == len(want)
}

func textparseSamples(text string) (map[string]bool, error) {
	all := map[string]bool{}
	p := textparse.NewOpenMetricsParser([]byte(text), labels.NewSymbolTable())
	for {
		entry, err := p.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, at, v := p.Series()
		var l labels.Labels
		p.Labels(&l)
		if strings.HasSuffix(l.Get("__name__"), "_created") {
			v, at = math.Round(v), nil // it becomes nanoseconds, of the point that it belongs to
		}
		if strings.HasSuffix(l.Get("__name__"), "_count") && v == 0 {
			continue // as a summary has that is without
		}
		canonical := labels.NewBuilder(l)
		for _, name := range []string{"le", "quantile"} {
			if bound, err := strconv.ParseFloat(l.Get(name), 64); err == nil {
				canonical.Set(name, fmt.Sprint(bound))
			}
		}
		key := fmt.Sprint(canonical.Labels(), v)
		if at != nil && (*at > maxMillis || *at < -maxMillis) {
			return nil, errors.New("a time that int64 nanoseconds have not")
		}
		if at != nil {
			key += fmt.Sprint(" at ", *at)
		}
		var e exemplar.Exemplar
		if p.Exemplar(&e) && !strings.HasSuffix(l.Get("__name__"), "_bucket") { // those are put into the bucket of their value
			key += fmt.Sprint(" exemplar ", e.Labels.WithoutEmpty(), e.Value, e.Ts, e.HasTs)
		}
		all[key] = true
	}
}

// TestWhatIsWrittenIsRead holds that the peers take what is written of all kinds.
func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, s := range openSeeds[:4] {
		var r prometheus.Reader
		var b metrics.Batch
		require.NoError(t, r.OpenMetrics(strings.NewReader(s), &b))
		b.Resource = metrics.NewLabels("service.name", "x")
		var text, open strings.Builder
		require.NoError(t, metrics.Text.Write(&text, &b))
		require.NoError(t, metrics.OpenMetrics.Write(&open, &b))
		parser := expfmt.NewTextParser(model.LegacyValidation)
		_, err := parser.TextToMetricFamilies(strings.NewReader(text.String()))
		require.NoError(t, err, text.String())
		_, err = textparseSamples(open.String())
		require.NoError(t, err, open.String())
		var strict metrics.Batch
		require.NoError(t, (&prometheus.Reader{Strict: true}).Text(strings.NewReader(text.String()), &strict))
	}
}
