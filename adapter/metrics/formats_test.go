package metrics

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// allKinds has a point or more of each kind.
func allKinds() *Batch {
	b := &Batch{Resource: NewLabels("service.name", "shop")}
	b.Family(Desc{Name: "an.unknown"}).Add(nil, Float(2))
	c := b.Family(Desc{Name: "b.time", Unit: "s", Kind: Counter, Help: "A \"quoted\" \\ help."}).Add(NewLabels("code", "200"), Float(1.5))
	c.Start, c.Time = 1520872607_123000000, 1700000000_000000001
	e := b.NewExemplar()
	*e = Exemplar{NewLabels("trace.id", "abc"), 0.25, 1700000000_500000000}
	c.Exemplars = append(c.Exemplars, e)
	b.Family(Desc{Name: "c.delta", Kind: Counter, Delta: true}).Add(nil, Int(1))
	b.Family(Desc{Name: "d", Unit: "By", Kind: UpDownCounter}).Add(nil, Int(-3))
	h := b.Family(Desc{Name: "e", Unit: "s", Kind: Histogram}).Add(NewLabels("k", "v"), Value{})
	h.Buckets = b.NewBuckets()
	*h.Buckets = Buckets{Bounds: []float64{0.1, 1, 2.5e6}, Counts: []uint64{1, 2, 0, 4}, Count: 7, Sum: 3.5}
	h.Exemplars = append(h.Exemplars, e)
	h.Start = 1_000000000
	x := b.Family(Desc{Name: "f", Kind: ExpHistogram}).Add(nil, Value{})
	x.Exp = b.NewExpBuckets()
	*x.Exp = ExpBuckets{
		Scale: 0, ZeroThreshold: 0, ZeroCount: 1, Count: 10, Sum: 20,
		Positive: ExpSpan{Offset: 0, Counts: []uint64{2, 0, 3, 0}}, Negative: ExpSpan{Offset: 1, Counts: []uint64{4}},
	}
	q := b.Family(Desc{Name: "g", Kind: Summary}).Add(nil, Value{})
	q.Quantiles = b.NewQuantiles()
	*q.Quantiles = Quantiles{Quantiles: []Quantile{{0.5, 2}, {1, math.NaN()}}, Count: 3, Sum: 4}
	b.Family(Desc{Name: "h.info", Kind: Info}).Add(NewLabels("version", "1"), Int(1))
	s := b.Family(Desc{Name: "i", Kind: StateSet})
	s.Add(NewLabels("i", "off"), Int(0))
	s.Add(NewLabels("i", "on"), Int(1))
	g := b.Family(Desc{Name: "j", Kind: GaugeHistogram}).Add(nil, Value{})
	g.Buckets = b.NewBuckets()
	*g.Buckets = Buckets{Bounds: []float64{-1}, Counts: []uint64{1, 1}, Count: 2, Sum: -5}
	return b
}

func TestTextOfAllKinds(t *testing.T) {
	require.Equal(t, `# TYPE an_unknown untyped
an_unknown 2
# HELP b_time_seconds_total A "quoted" \\ help.
# TYPE b_time_seconds_total counter
b_time_seconds_total{code="200"} 1.5 1700000000000
# TYPE d_bytes gauge
d_bytes -3
# TYPE e_seconds histogram
e_seconds_bucket{k="v",le="0.1"} 1
e_seconds_bucket{k="v",le="1"} 3
e_seconds_bucket{k="v",le="2.5e+06"} 3
e_seconds_bucket{k="v",le="+Inf"} 7
e_seconds_sum{k="v"} 3.5
e_seconds_count{k="v"} 7
# TYPE f histogram
f_bucket{le="-2"} 4
f_bucket{le="0"} 5
f_bucket{le="2"} 7
f_bucket{le="4"} 7
f_bucket{le="8"} 10
f_bucket{le="+Inf"} 10
f_sum 20
f_count 10
# TYPE g summary
g{quantile="0.5"} 2
g{quantile="1"} NaN
g_sum 4
g_count 3
# TYPE h_info gauge
h_info{version="1"} 1
# TYPE i gauge
i{i="off"} 0
i{i="on"} 1
# TYPE j histogram
j_bucket{le="-1"} 1
j_bucket{le="+Inf"} 2
j_sum -5
j_count 2
# HELP target_info What all metrics here are of.
# TYPE target_info gauge
target_info{service_name="shop"} 1
`, written(t, Text, allKinds()))
}

func TestOpenMetricsOfAllKinds(t *testing.T) {
	require.Equal(t, `# TYPE an_unknown unknown
an_unknown 2.0
# HELP b_time_seconds A \"quoted\" \\ help.
# TYPE b_time_seconds counter
# UNIT b_time_seconds seconds
b_time_seconds_total{code="200"} 1.5 1700000000.000000001 # {trace_id="abc"} 0.25 1700000000.5
b_time_seconds_created{code="200"} 1520872607.123 1700000000.000000001
# TYPE d_bytes gauge
# UNIT d_bytes bytes
d_bytes -3
# TYPE e_seconds histogram
# UNIT e_seconds seconds
e_seconds_bucket{k="v",le="0.1"} 1
e_seconds_bucket{k="v",le="1.0"} 3 # {trace_id="abc"} 0.25 1700000000.5
e_seconds_bucket{k="v",le="2.5e+06"} 3
e_seconds_bucket{k="v",le="+Inf"} 7
e_seconds_sum{k="v"} 3.5
e_seconds_count{k="v"} 7
e_seconds_created{k="v"} 1
# TYPE f histogram
f_bucket{le="-2.0"} 4
f_bucket{le="0.0"} 5
f_bucket{le="2.0"} 7
f_bucket{le="4.0"} 7
f_bucket{le="8.0"} 10
f_bucket{le="+Inf"} 10
# TYPE g summary
g{quantile="0.5"} 2.0
g{quantile="1.0"} NaN
g_sum 4.0
g_count 3
# TYPE h info
h_info{version="1"} 1
# TYPE i stateset
i{i="off"} 0
i{i="on"} 1
# TYPE j gaugehistogram
j_bucket{le="-1.0"} 1
j_bucket{le="+Inf"} 2
j_gsum -5.0
j_gcount 2
# HELP target What all metrics here are of.
# TYPE target info
target_info{service_name="shop"} 1
# EOF
`, written(t, OpenMetrics, allKinds()))
}

func TestJSONOfAllKinds(t *testing.T) {
	text := written(t, JSON, allKinds())
	var doc struct {
		Resource map[string]string
		Families []struct {
			Name, Prometheus, Unit, Kind, Help string
			Delta                              bool
			Points                             []map[string]any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &doc), text)
	require.Equal(t, map[string]string{"service.name": "shop"}, doc.Resource)
	require.Len(t, doc.Families, 10)
	require.Equal(t, "b_time_seconds_total", doc.Families[1].Prometheus)
	require.Equal(t, `A "quoted" \ help.`, doc.Families[1].Help)
	require.True(t, doc.Families[2].Delta)
	for _, want := range []string{
		`{"name":"an.unknown","prometheus":"an_unknown","kind":"unknown","points":[` + "\n" + `{"labels":{},"value":2}]}`,
		`{"labels":{"code":"200"},"start":1520872607.123,"time":1700000000.000000001,"value":1.5,"exemplars":[{"labels":{"trace.id":"abc"},"value":0.25,"time":1700000000.5}]}`,
		`{"labels":{"k":"v"},"start":1,"histogram":{"bounds":[0.1,1,2.5e+06],"counts":[1,2,0,4],"count":7,"sum":3.5},"exemplars":[`,
		`"exponential":{"scale":0,"zero_threshold":0,"zero_count":1,"positive":{"offset":0,"counts":[2,0,3,0]},"negative":{"offset":1,"counts":[4]},"count":10,"sum":20}`,
		`"summary":{"quantiles":[{"quantile":0.5,"value":2},{"quantile":1,"value":"NaN"}],"count":3,"sum":4}`,
	} {
		require.Contains(t, text, want)
	}
	var odd Batch
	odd.Gauge("a", "", "\x00\t\n\"\\\xff é\u2028", Float(math.Inf(-1)))
	var any map[string]any
	text = written(t, JSON, &odd)
	require.NoError(t, json.Unmarshal([]byte(text), &any), text)
	require.Contains(t, text, `"help":"\u0000\t\n\"\\`+"\uFFFD é\u2028"+`"`)
	require.Contains(t, text, `"value":"-Inf"`)
	require.JSONEq(t, `{"resource":{},"families":[]}`, written(t, JSON, new(Batch)))
}

func TestOpenMetricsSettlesWhatOnlyItForbids(t *testing.T) {
	var b Batch
	b.Family(Desc{Name: "alloc_bytes", Kind: Gauge, Verbatim: true}).Add(nil, Int(1))
	b.Family(Desc{Name: "alloc_bytes_total", Kind: Counter, Verbatim: true}).Add(nil, Int(2))
	b.Family(Desc{Name: "jobs", Kind: Counter, Verbatim: true}).Add(nil, Int(3))
	b.Family(Desc{Name: "made_created", Kind: Gauge}).Add(nil, Int(4))
	made := b.Family(Desc{Name: "made", Kind: Counter})
	made.Add(nil, Int(-1)) // a counter can't be negative there
	made.Add(NewLabels("a", "b"), Int(5)).Start = 1e9
	state := b.Family(Desc{Name: "some.state", Kind: StateSet})
	state.Add(nil, Int(1))
	state.Add(NewLabels("some.state", "on"), Int(1))
	state.Add(NewLabels("some_state", "off"), Int(0))
	long := b.Counter("z", "", "", Int(1), 0)
	long.Exemplars = []*Exemplar{{Labels: NewLabels("trace", strings.Repeat("é", 124)), Value: 1}}
	require.Equal(t, `# TYPE alloc_bytes gauge
alloc_bytes 1
# TYPE alloc_bytes_total unknown
alloc_bytes_total 2
# TYPE jobs unknown
jobs 3
# TYPE made_created gauge
made_created 4
# TYPE made counter
made_total{a="b"} 5
# TYPE some_state stateset
some_state{some_state="on"} 1
some_state{some_state="off"} 0
# TYPE z counter
z_total 1
# EOF
`, written(t, OpenMetrics, &b))
}

func TestTheResourceTakesThePlaceOfATargetThatWasRead(t *testing.T) {
	b := Batch{Resource: NewLabels("a", "b")}
	b.Family(Desc{Name: "target_info", Kind: Gauge, Verbatim: true}).Add(NewLabels("c", "d"), Int(1))
	require.Equal(t, 1, strings.Count(written(t, Text, &b), "\ntarget_info"))
	require.Contains(t, written(t, Text, &b), `target_info{a="b"} 1`)
}

func TestAWriterThatFails(t *testing.T) {
	for _, f := range []Format{Text, OpenMetrics, JSON} {
		require.ErrorIs(t, f.Write(broken{}, allKinds()), errBroken)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
