package statsd

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var one = Observer{Buckets: []float64{1}}

// The examples of the specifications, and what is near them.
func TestTakes(t *testing.T) {
	for _, c := range []struct {
		name     string
		source   *Source
		sent     string
		want     []string
		rejected map[string]uint64
	}{
		// StatsD, docs/metric_types.md
		{name: "counter", sent: "gorets:1|c", want: []string{"gorets_total 1"}},
		{name: "sampled", sent: "gorets:1|c|@0.1", want: []string{"gorets_total 10"}},
		{name: "timer", source: &Source{Observer: one}, sent: "glork:320|ms|@0.1", want: []string{
			`glork_seconds_bucket{le="1"} 10`, `glork_seconds_bucket{le="+Inf"} 10`, "glork_seconds_sum 3.2", "glork_seconds_count 10",
		}},
		{name: "gauge", sent: "gaugor:333|g\ngaugor:-10|g\ngaugor:+4|g", want: []string{"gaugor 327"}},
		{name: "gauge below 0 by way of 0", sent: "gaugor:333|g\ngaugor:0|g\ngaugor:-10|g", want: []string{"gaugor -10"}},
		{name: "gauge of DogStatsD", source: &Source{AbsoluteGauges: true}, sent: "gaugor:333|g\ngaugor:-10|g", want: []string{"gaugor -10"}},
		{name: "set", sent: "uniques:765|s\nuniques:765|s\nuniques:a:b|s\nuniques:a|s", want: []string{"uniques 3"}},
		{name: "several", source: &Source{Observer: one}, sent: "gorets:1|c\nglork:320|ms\ngaugor:333|g\nuniques:765|s\n", want: []string{
			"gorets_total 1",
			`glork_seconds_bucket{le="1"} 1`, `glork_seconds_bucket{le="+Inf"} 1`, "glork_seconds_sum 0.32", "glork_seconds_count 1",
			"gaugor 333", "uniques 1",
		}},
		{name: "values of several types", sent: "a:1|c:2|c|@0.5:3|g", want: []string{"a_total 5"}, rejected: map[string]uint64{"type_conflict": 1}},
		{name: "values of several types, packed", sent: "a:1:2|c:3|c", want: []string{"a_total 6"}},

		// DogStatsD, datagram format 1.0
		{name: "page.views", sent: "page.views:1|c", want: []string{"page_views_total 1"}},
		{name: "fuel.level", sent: "fuel.level:0.5|g", want: []string{"fuel_level 0.5"}},
		{name: "song.length", source: &Source{Observer: one}, sent: "song.length:240|h|@0.5", want: []string{
			`song_length_bucket{le="1"} 0`, `song_length_bucket{le="+Inf"} 2`, "song_length_sum 480", "song_length_count 2",
		}},
		{name: "users.uniques", sent: "users.uniques:1234|s", want: []string{"users_uniques 1"}},
		{name: "users.online", sent: "users.online:1|c|#country:china", want: []string{`users_online_total{country="china"} 1`}},
		{name: "users.online sampled", sent: "users.online:1|c|@0.5|#country:china", want: []string{`users_online_total{country="china"} 2`}},
		{name: "tags first", sent: "users.online:1|c|#country:china|@0.5", want: []string{`users_online_total{country="china"} 2`}},
		// 1.1
		{name: "packed", source: &Source{Observer: one}, sent: "page.views:1:2:32|d", want: []string{
			`page_views_bucket{le="1"} 1`, `page_views_bucket{le="+Inf"} 3`, "page_views_sum 35", "page_views_count 3",
		}},
		{name: "packed and sampled", source: &Source{Observer: one}, sent: "song.length:240:234|h|@0.5", want: []string{
			`song_length_bucket{le="1"} 0`, `song_length_bucket{le="+Inf"} 4`, "song_length_sum 948", "song_length_count 4",
		}},
		// 1.2
		{name: "container", sent: "page.views:1|g|#env:dev|c:83c0a99c0a54c0c187f461c7980e9b57f3f6a8b0c918c8d93df19a9de6f3fe1d", want: []string{`page_views{env="dev"} 1`}},
		{name: "container label", source: &Source{ContainerLabel: "container_id"}, sent: "page.views:1|g|#env:dev|c:ci-83c0", want: []string{`page_views{container_id="ci-83c0",env="dev"} 1`}},
		// 1.3
		{name: "timestamp", sent: "page.views:15|c|#env:dev|T1656581400\npage.views:1|c|#env:dev|T1656581409", want: []string{`page_views_total{env="dev"} 16`}},
		{name: "timestamp, container", sent: "page.views:15|c|#env:dev|c:83c0|T1656581400", want: []string{`page_views_total{env="dev"} 15`}},
		{name: "late", sent: "q:1|g|T200\nq:2|g|T100\nq:3|g|T200", want: []string{"q 3"}, rejected: map[string]uint64{"late": 1}},
		{name: "no timestamp after one", sent: "q:1|g|T9999999999\nq:2|g", want: []string{"q 2"}},
		// 1.4 to 1.6
		{name: "origin", sent: "page.views:1|c|e:it-false,cn-nginx|card:low", want: []string{"page_views_total 1"}},
		// events and service checks
		{name: "event", sent: "_e{21,36}:An exception occurred|Cannot parse CSV file from 10.0.0.17|t:warning|#err_type:bad_file"},
		{name: "check", sent: "_sc|Redis connection|2|#env:dev|m:Redis connection timed out after 10s"},

		// Tags
		{name: "flags and odd commas", sent: "a:1|c|#,new,x:1,,u:http://h:1/,e:,", want: []string{`a_total{new="true",u="http://h:1/",x="1"} 1`}},
		{name: "order is no matter", sent: "a:1|c|#x:1,y:2\na:1|c|#y:2,x:1", want: []string{`a_total{x="1",y="2"} 2`}},
		{name: "the last of a name", sent: "a:1|c|#x:1,x:2", want: []string{`a_total{x="2"} 1`}},
		{name: "one name in Prometheus", sent: "a:1|c|#x-y:1,x.y:2", want: []string{`a_total{x_y="2"} 1`}},
		{name: "reserved", source: &Source{Observer: one}, sent: "a:1|h|#le:1,quantile:2,__name__:b", want: []string{
			`a_bucket{_name__="b",exported_le="1",exported_quantile="2",le="1"} 1`, `a_bucket{_name__="b",exported_le="1",exported_quantile="2",le="+Inf"} 1`,
			`a_sum{_name__="b",exported_le="1",exported_quantile="2"} 1`, `a_count{_name__="b",exported_le="1",exported_quantile="2"} 1`,
		}},
		{name: "quoted", sent: "a:1|c|#x:a\"b\\c", want: []string{`a_total{x="a\"b\\c"} 1`}},
		{name: "influx", source: &Source{TagStyles: Influx}, sent: "a,x=1,y=2:1|c", want: []string{`a_total{x="1",y="2"} 1`}},
		{name: "signalfx", source: &Source{TagStyles: SignalFX}, sent: "a.[x=1,y=2]b:1|c", want: []string{`a_b_total{x="1",y="2"} 1`}},
		{name: "librato", source: &Source{TagStyles: Librato}, sent: "a#x=1,y=2:1|c", want: []string{`a_total{x="1",y="2"} 1`}},
		{name: "graphite", source: &Source{TagStyles: Graphite}, sent: "a;x=1;y=2:1|c", want: []string{`a_total{x="1",y="2"} 1`}},
		{name: "all, and none", source: &Source{TagStyles: allStyles - 1}, sent: "a;x=1:1|c\na#x=1:1|c\na,x=1:1|c\na[x=1]:1|c\na:1|c|#x:1", want: []string{`a_total{x="1"} 5`}},
		{name: "style not asked for", sent: "a,x=1:1|c", want: []string{"a_x_1_total 1"}},
		{name: "two styles", source: &Source{TagStyles: Influx}, sent: "a,x=1:1|c|#y:2", rejected: map[string]uint64{"malformed_tag": 1}},
		{name: "half a tag", source: &Source{TagStyles: allStyles - 1}, sent: "a,x:1|c\na,x=:1|c\na,=1:1|c\na[x=1:1|c\na]x=1[:1|c\na;:1|c", rejected: map[string]uint64{"malformed_tag": 6}},
		{name: "only tags", source: &Source{TagStyles: Influx}, sent: ",x=1:1|c", rejected: map[string]uint64{"malformed_line": 1}},

		// Names
		{name: "names", sent: "a b/c-d:1|c\n1st:1|c\nreq_total:1|c\nreq:1|c", want: []string{"a_b_c_d_total 1", "_1st_total 1", "req_total 2"}},
		{name: "a counter and a timer", source: &Source{Observer: Observer{Buckets: []float64{}}}, sent: "r:1|c\nr:1000|ms", want: []string{
			"r_total 1", `r_seconds_bucket{le="+Inf"} 1`, "r_seconds_sum 1", "r_seconds_count 1",
		}},
		{name: "conflicts", source: &Source{Observer: one}, sent: "a:1|g\na:1|c\na:1|h\na:x|s\na_total:1|c\na_total:1|g\nb_count:1|g\nb:1|h", want: []string{"a 1", "a_total 1", "b_count 1"},
			rejected: map[string]uint64{"type_conflict": 5}},
		{name: "own names", sent: "statsd.series:1|g\nstatsd_packets:1|c\nstatsd.receive.buffer.bytes:1|g\nstatsd.x:1|c", rejected: map[string]uint64{"type_conflict": 3}},

		// What is wrong is left out, one by one
		{name: "lines", sent: "\n\r\na\na:\na:1\na:1|\n:1|c\n|c\na|1|c\na:1|c\r\n", want: []string{"a_total 1"}, rejected: map[string]uint64{"malformed_line": 7 - 1, "unknown_type": 1}},
		{name: "values", sent: "a:|c\na:x|c\na:1x|c\na:NaN|c\na:Inf|g\na:+Inf|g\na:1e999|g\na:0x10|c\na:1_0|c\na: 1|c\na:.|c\na:-|c\na:1e|c\na:|s", rejected: map[string]uint64{"malformed_value": 14}},
		{name: "one of packed", sent: "a:1:x:3|c", want: []string{"a_total 4"}, rejected: map[string]uint64{"malformed_value": 1}},
		{name: "one of packed, first", sent: "a:x:1:|c", want: []string{"a_total 1"}, rejected: map[string]uint64{"malformed_value": 2}},
		{name: "types", sent: "a:1|x\na:1|C\na:1|cc\na:1|m", rejected: map[string]uint64{"unknown_type": 4}},
		{name: "rates", sent: "a:1|c|@\na:1|c|@0\na:1|c|@-1\na:1|c|@2\na:1|c|@NaN\na:1|c|@1e-320\na:1|c|@x", rejected: map[string]uint64{"malformed_rate": 7}},
		{name: "a rate of next to nothing", sent: "a:1|c|@1e-9", want: []string{"a_total 1000000000"}},
		{name: "fields", sent: "a:1|c|0.5\na:1|c||\na:1|c|x:1\na:1|c|c:\na:1|c|", rejected: map[string]uint64{"unknown_field": 5}},
		{name: "timestamps", sent: "a:1|c|T\na:1|c|T-1\na:1|c|Tx\na:1|c|T0\na:1|c|T99999999999999999999", rejected: map[string]uint64{"malformed_timestamp": 5}},
		{name: "tags", sent: "a:1|c|#:x", rejected: map[string]uint64{"malformed_tag": 1}},
		{name: "no UTF-8", sent: "a\xff:1|c\na:1|c|#x:\xff\nb:\xff|c\nä:1|c", want: []string{"__total 1"}, rejected: map[string]uint64{"invalid_utf8": 2, "malformed_value": 1}},
		{name: "counters do not fall", sent: "a:-1|c\na:1:-2:3|c\na:-0|c", want: []string{"a_total 4"}, rejected: map[string]uint64{"negative_counter": 2}},
		{name: "long", sent: strings.Repeat("n", 1025) + ":1|c\na:1|c|#x:" + strings.Repeat("v", 8192) + "\na:1|c", want: []string{"a_total 1"}, rejected: map[string]uint64{"line_too_long": 2}},
		{name: "events", sent: "_e{1,1}:a\n_e{2,1}:a|b\n_e{1}:a|b\n_e{}:\n_e{99999999999,1}:a|b\n_e{1,1}:a|b|t:bad\n_e{1,1}:a|bc\n_e{0,0}:|", rejected: map[string]uint64{"malformed_event": 8}},
		{name: "checks", sent: "_sc|\n_sc|a\n_sc|a|4\n_sc|a|\n_sc|a|0|x:1\n_sc||0\n_sc|a|0x", rejected: map[string]uint64{"malformed_service_check": 7}},
		{name: "no event", sent: "_a:1|c\n_exit:1|c\n_:1|c", want: []string{"_a_total 1", "_exit_total 1", "__total 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := taking(t, cmp.Or(c.source, &Source{}))
			s.takeNow(c.sent)
			if c.rejected == nil {
				c.rejected = map[string]uint64{}
			}
			require.Equal(t, c.rejected, s.Stats().Rejected)
			if c.name == "own names" {
				return
			}
			if c.want == nil {
				c.want = []string{}
			}
			require.Equal(t, c.want, text(t, s))
		})
	}
}

func TestCountsWholeNumbers(t *testing.T) {
	s := taking(t, &Source{})
	s.takeNow("a:9007199254740991|c\na:1|c\na:1|c\nb:0.5|c\nb:1|c|@0.3\nc:9007199254740991|c|@0.000001")
	n, whole := points(t, s, "a")[0].Value.Int()
	require.True(t, whole)
	require.Equal(t, int64(9007199254740993), n) // which a float64 is not
	require.InDelta(t, 0.5+1/0.3, value(t, s, "b"), 1e-15)
	require.InEpsilon(t, 9007199254740991e6, value(t, s, "c"), 1e-15)

	s.takeNow("d:1e308|c\nd:1e308|c\ne:1e308|g\ne:+1e308|g\nf:1e308:1e308:-1e308|h")
	require.Equal(t, math.MaxFloat64, value(t, s, "d"))
	require.Equal(t, math.MaxFloat64, value(t, s, "e"))
	require.False(t, math.IsNaN(points(t, s, "f")[0].Buckets.Sum))
	s.takeNow("d:1e308|c|@1e-9")
	require.EqualValues(t, 1, s.Stats().Rejected["malformed_value"])
}

func TestEventsAndChecks(t *testing.T) {
	s := taking(t, &Source{})
	s.takeNow("_e{5,4}:title|text\n_e{2,3}:a||b|c|p:low|t:error|#x:y\n_e{1,0}:a||d:1|h:x|k:y|s:z|c:id|e:x|card:low\n_sc|a|0\n_sc|b|3|d:1|h:x|#a:b|c:id|m:a|b\n_sc|b|2|m:x")
	require.Empty(t, s.Stats().Rejected)
	require.EqualValues(t, 3, s.Stats().Events)
	require.EqualValues(t, 3, s.Stats().ServiceChecks)
	require.Equal(t, [4]uint64{2, 0, 1, 0}, s.table.count.events)
	require.Equal(t, [4]uint64{1, 0, 1, 1}, s.table.count.checks)
}

// A series is known by one name and one tail, and many of both are one series.
func TestKnownIsTheSame(t *testing.T) {
	s := taking(t, &Source{})
	for range 3 {
		for i := range 5000 {
			s.takeNow(fmt.Sprintf("n%d:1|c|#t:%d,u:%d", i%100, i%50, i/100))
		}
	}
	require.Equal(t, 5000, s.Stats().Series)
	for i := range 100 {
		for _, p := range points(t, s, fmt.Sprintf("n%d", i)) {
			require.EqualValues(t, 3, p.Value.Float())
		}
	}
}
