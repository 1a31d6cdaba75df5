package prometheus

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func openMetrics(text string) (*metrics.Batch, error) {
	b := new(metrics.Batch)
	var r Reader
	return b, r.OpenMetrics(strings.NewReader(text), b)
}

// What OpenMetrics forbids, each rule by itself. Lines are parted by |, and the end
// is put behind them.
func TestOpenMetricsRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// The frame.
		{"up 1||down 1", "line 2: a blank line"},
		{"# EOF|up 1", "line 2: something behind # EOF"},
		{"# EOF|", "line 2: something behind # EOF"},
		{"# a remark", "no line of HELP"},
		{"# NOTE up a remark", `"NOTE" is none`},
		{"# HELP", "no line of HELP"},
		{"# HELP up", "no line of HELP"},
		{"#HELP up 1", "no line of HELP"},
		{"# help up 1", `"help" is none`},
		{" up 1", "no metric name"},
		// Names.
		{"0up 1", "no metric name"},
		{"u-p 1", "no value"},
		{"# TYPE u-p gauge", "metric name"},
		{"# HELP 0up x", "metric name"},
		{`{a="b"} 1`, "no metric name"},
		{`{"up"} 1`, "no label name"},
		// Metadata.
		{"# TYPE up gauge|# TYPE up gauge", "second TYPE"},
		{"# HELP up a|# HELP up a", "second HELP"},
		{"# TYPE t_s gauge|# UNIT t_s s|# UNIT t_s s", "second UNIT"},
		{"# TYPE up gauge|up 1|# HELP up late", "behind samples"},
		{"# TYPE up untyped", `"untyped" is none`},
		{"# TYPE up Gauge", `"Gauge" is none`},
		{"# TYPE up gauge ", `"gauge " is none`},
		{"# TYPE up  gauge", "is none"},
		{"# HELP up \xff", "not UTF-8"},
		{"# UNIT time seconds", "unit"},
		{"# UNIT timeseconds seconds|timeseconds 1", "unit"},
		{"# UNIT seconds seconds", "unit"},
		{"# TYPE a_s info|# UNIT a_s s", "has no unit"},
		{"# TYPE a_s stateset|# UNIT a_s s", "has no unit"},
		// Families.
		{"a 1|b 1|a 2", "several places"},
		{"# TYPE a gauge|# TYPE b gauge|# HELP a x", "several places"},
		{"# TYPE a counter|# TYPE a_total gauge", "is another's"},
		{"# TYPE a counter|# TYPE a_created gauge", "is another's"},
		{"# TYPE a histogram|a_bucket{le=\"+Inf\"} 1|a_sum 1", "only one"},
		{"# TYPE a histogram|a_bucket{le=\"+Inf\"} 1|# TYPE a_sum gauge|a_sum 1", "is another's"},
		{"# TYPE a_count gauge|# TYPE a summary", "is another's"},
		{"# TYPE a info|# TYPE a_info gauge", "is another's"},
		{"# TYPE a gauge|a_total 1|a 1", "several places"},
		// Labels.
		{`a{b="1",b="2"} 1`, "twice"},
		{`a{b="1",} 1`, "comma"},
		{`a{,b="1"} 1`, "no label name"},
		{`a{b="1" c="2"} 1`, "without an end"},
		{`a{b="1"c="2"} 1`, "without an end"},
		{`a{ b="1"} 1`, "no label name"},
		{`a{b ="1"} 1`, "without a value"},
		{`a{b= "1"} 1`, "no quotes"},
		{`a{b} 1`, "without a value"},
		{`a{b=1} 1`, "no quotes"},
		{`a{b='1'} 1`, "no quotes"},
		{`a{b="1} 1`, "without an end"},
		{`a{b="1\"} 1`, "without an end"},
		{`a{b="1" 1`, "without an end"},
		{`a{0b="1"} 1`, "no label name"},
		{`a{b:c="1"} 1`, "without a value"},
		{`a{="1"} 1`, "no label name"},
		{`a{__name__="1"} 1`, "cannot be"},
		{"a{b=\"\xff\"} 1", "not UTF-8"},
		{`a {b="1"} 1`, "value"},
		// Values.
		{"a", "no value"},
		{"a ", "no number"},
		{"a\t1", "no value"},
		{"a  1", "no number"},
		{`a{b="1"}1`, "no value"},
		{"a one", "no number"},
		{"a 1_0", "no number"},
		{"a 0x1", "no number"},
		{"a 0x1p2", "no number"},
		{"a 1e", "no number"},
		{"a +-1", "no number"},
		{"a 1 ", "timestamp"},
		// Timestamps.
		{"a 1 soon", "timestamp"},
		{"a 1 NaN", "timestamp"},
		{"a 1 +Inf", "timestamp"},
		{"a 1 1_0", "timestamp"},
		{"a 1 1 1", "neither a timestamp nor an exemplar"},
		{"a 1 1 ", "neither a timestamp nor an exemplar"},
		{"a 1 2|a 1 1", "backwards"},
		{"a 1|a 1 1", "some have not"},
		{"a 1 1|a 1", "some have not"},
		// Groups.
		{`a{b="1"} 1 1|a{b="2"} 1 1|a{b="1"} 1 2`, "not together"},
		{`# TYPE a summary|a_count{b="1"} 1|a_count{b="2"} 1|a_sum{b="1"} 1`, "not together"},
		// Counters, infos, states.
		{"# TYPE a counter|a_total -1", "negative or NaN"},
		{"# TYPE a counter|a_total NaN", "negative or NaN"},
		{"# TYPE a counter|a 1|a_total 2", "several places"},
		{"# TYPE a info|a_info 2", "an info is not 1"},
		{"# TYPE a info|a_info 0", "an info is not 1"},
		{"# TYPE a stateset|a 1", "no label a"},
		{`# TYPE a stateset|a{a="x"} 0.5`, "neither 0 nor 1"},
		{`# TYPE a stateset|a{b="x"} 1`, "no label a"},
		{`# TYPE a stateset|a{a=""} 1`, "no label a"},
		// Summaries.
		{"# TYPE a summary|a 1", "no label quantile"},
		{`# TYPE a summary|a{quantile="1.5"} 1`, "label quantile"},
		{`# TYPE a summary|a{quantile="-0.5"} 1`, "label quantile"},
		{`# TYPE a summary|a{quantile="x"} 1`, "label quantile"},
		{`# TYPE a summary|a{quantile="NaN"} 1`, "label quantile"},
		{`# TYPE a summary|a{quantile="0.5"} -1`, "quantile is negative"},
		{"# TYPE a summary|a_count -1", "negative"},
		{"# TYPE a summary|a_count NaN", "negative or NaN"},
		{"# TYPE a summary|a_sum NaN", "sum is negative or NaN"},
		{"# TYPE a summary|a_sum -1", "sum is negative or NaN"},
		// Histograms.
		{"# TYPE a histogram|a_bucket 1", "no label le"},
		{`# TYPE a histogram|a_bucket{le="x"} 1`, "label le"},
		{`# TYPE a histogram|a_bucket{le="NaN"} 1`, "label le"},
		{`# TYPE a histogram|a_bucket{le="inf"} 1`, "label le"},
		{`# TYPE a histogram|a_bucket{le="1"} 1`, "no bucket +Inf"},
		{"# TYPE a histogram|a_sum 1|a_count 1", "no bucket +Inf"},
		{`# TYPE a histogram|a_bucket{le="2"} 1|a_bucket{le="1"} 1|a_bucket{le="+Inf"} 1`, "do not grow"},
		{`# TYPE a histogram|a_bucket{le="1"} 1|a_bucket{le="1.0"} 1|a_bucket{le="+Inf"} 1`, "do not grow"},
		{`# TYPE a histogram|a_bucket{le="1"} 2|a_bucket{le="+Inf"} 1`, "the one before it"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1.5`, "no whole number"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} -1`, "negative"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} NaN`, "no whole number"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1|a_sum 1|a_count 2`, "the count is 2"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1|a_count 1`, "only one"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1|a_sum -1|a_count 1`, "sum is negative"},
		{`# TYPE a histogram|a_bucket{le="-1"} 0|a_bucket{le="+Inf"} 1|a_sum 1|a_count 1`, "a bucket below 0"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1|a_sum 1|a_count 1.5`, "no whole number"},
		{`# TYPE a gaugehistogram|a_bucket{le="1"} 1`, "no bucket +Inf"},
		{`# TYPE a gaugehistogram|a_bucket{le="+Inf"} 1|a_gsum -1|a_gcount 1`, "a sum below 0"},
		{`# TYPE a gaugehistogram|a_bucket{le="+Inf"} 1|a_gsum 1`, "only one"},
		{`# TYPE a gaugehistogram|a_bucket{le="+Inf"} 1|a_gsum NaN|a_gcount 1`, "NaN"},
		// Exemplars.
		{"# TYPE a counter|a_total 1 # {", "no label name"},
		{"# TYPE a counter|a_total 1 # {b=\"c\"}", "exemplar: no value"},
		{"# TYPE a counter|a_total 1 # {b=\"c\"} x", "exemplar: value"},
		{"# TYPE a counter|a_total 1 # {b=\"c\"} 1 x", "exemplar: timestamp"},
		{"# TYPE a counter|a_total 1 # {b=\"c\"} 1 NaN", "exemplar: timestamp"},
		{"# TYPE a counter|a_total 1 # {b=\"c\"} 1 1 1", "exemplar: timestamp"},
		{"# TYPE a counter|a_total 1 # {b=\"c\",} 1", "comma"},
		{"# TYPE a counter|a_total 1 # {b=\"c\",b=\"c\"} 1", "twice"},
		{"# TYPE a counter|a_total 1 # b=\"c\" 1", "neither a timestamp nor an exemplar"},
		{"# TYPE a counter|a_total 1 #{b=\"c\"} 1", "neither a timestamp nor an exemplar"},
		{"# TYPE a counter|a_total 1 # {b=\"" + strings.Repeat("é", 128) + "\"} 1", "129 characters"},
		{"# TYPE a counter|a_total 1|a_created 1 # {} 1", "an exemplar where"},
		{"# TYPE a gauge|a 1 # {} 1", "an exemplar where"},
		{"# TYPE a info|a_info 1 # {} 1", "an exemplar where"},
		{"# TYPE a summary|a_count 1 # {} 1", "an exemplar where"},
		{`# TYPE a histogram|a_bucket{le="+Inf"} 1|a_count 1 # {} 1`, "an exemplar where"},
	} {
		_, err := openMetrics(strings.ReplaceAll(c.text, "|", "\n") + "\n# EOF\n")
		require.ErrorContains(t, err, c.want, c.text)
	}
	for _, cut := range []string{"", "a 1\n", "# TYPE a gauge\n", "a 1", "# TYPE a gauge\na", "a 1\n# EO"} {
		_, err := openMetrics(cut)
		require.ErrorContains(t, err, "cut off", "%q", cut)
	}
}

// What it allows, and what is made of it.
func TestOpenMetricsTakes(t *testing.T) {
	for text, want := range map[string]string{
		"# EOF":             "",
		"a 0001.50e1|# EOF": "# TYPE a unknown|a 15.0|",
		"a inf|b -INF|c nan|d +Infinity|e 1|# EOF":          "# TYPE a unknown|a +Inf|# TYPE b unknown|b -Inf|# TYPE c unknown|c NaN|# TYPE d unknown|d +Inf|# TYPE e unknown|e 1|",
		`a{} 1|b{c=""} 2|# EOF`:                             "# TYPE a unknown|a 1|# TYPE b unknown|b 2|",
		`a{z="1",b="x # {y} \"\\\n\q"} 1|# EOF`:             `# TYPE a unknown|a{b="x # {y} \"\\\n\\q",z="1"} 1|`,
		"# HELP a x\\ny \\\\ \\\" \\q|# TYPE a gauge|# EOF": "# HELP a x\\ny \\\\ \\\" \\\\q|# TYPE a gauge|",
		"# TYPE a_seconds counter|# UNIT a_seconds seconds|a_seconds_created 5|a_seconds_total 1 # {t=\"x\"} 0.5 1.5|# EOF": "# TYPE a_seconds counter|# UNIT a_seconds seconds|a_seconds_total 1 # {t=\"x\"} 0.5 1.5|a_seconds_created 5|",
		"# TYPE a_ratio counter|# UNIT a_ratio ratio|a_ratio_total 9223372036854775808|# EOF":                               "# TYPE a_ratio counter|# UNIT a_ratio ratio|a_ratio_total 9.223372036854776e+18|",
		"# TYPE a_widgets gauge|# UNIT a_widgets widgets|a_widgets -5|# EOF":                                                "# TYPE a_widgets gauge|# UNIT a_widgets widgets|a_widgets -5|",
		"a 1 1.5|a 2 2.000000001|# EOF": "# TYPE a unknown|a 1 1.5|a 2 2.000000001|",
		`# TYPE a histogram|a_bucket{le="1"} 1 5|a_bucket{le="+Inf"} 2 5|a_bucket{le="1"} 3 6|a_bucket{le="+Inf"} 4 6|# EOF`: `# TYPE a histogram|a_bucket{le="1.0"} 1 5|a_bucket{le="+Inf"} 2 5|a_bucket{le="1.0"} 3 6|a_bucket{le="+Inf"} 4 6|`,
		`# TYPE a histogram|a_created 3|a_sum 1|a_count 2|a_bucket{le="+Inf"} 2 # {x="y"} 3|# EOF`:                           `# TYPE a histogram|a_bucket{le="+Inf"} 2 # {x="y"} 3.0|a_sum 1.0|a_count 2|a_created 3|`,
		`# TYPE a summary|a{quantile="0.5"} NaN|a{quantile="1"} 2|a_sum 3|a_count 2|a_created 3|# EOF`:                       `# TYPE a summary|a{quantile="0.5"} NaN|a{quantile="1.0"} 2.0|a_sum 3.0|a_count 2|a_created 3|`,
		`# TYPE a gaugehistogram|a_bucket{le="-1"} 1|a_bucket{le="+Inf"} 2|a_gsum -3|a_gcount 2|# EOF`:                       `# TYPE a gaugehistogram|a_bucket{le="-1.0"} 1|a_bucket{le="+Inf"} 2|a_gsum -3.0|a_gcount 2|`,
		`# TYPE a info|a_info{b="1"} 1|a_info{b="2"} 1|# EOF`:                                                                `# TYPE a info|a_info{b="1"} 1|a_info{b="2"} 1|`,
		`# TYPE a stateset|a{a="x",b="1"} 1|a{a="y",b="1"} 0.0|# EOF`:                                                        `# TYPE a stateset|a{a="x",b="1"} 1|a{a="y",b="1"} 0.0|`,
		"# TYPE a counter|a_total 1|# TYPE a_count gauge|a_count 1|# EOF":                                                    "# TYPE a counter|a_total 1|# TYPE a_count gauge|a_count 1|",
	} {
		b, err := openMetrics(strings.ReplaceAll(text, "|", "\n") + "\n")
		require.NoError(t, err, text)
		got := roundTrip(t, metrics.OpenMetrics, new(Reader).OpenMetrics, b)
		require.Equal(t, strings.ReplaceAll(want, "|", "\n")+"# EOF\n", got, text)
	}
}
