package statsd

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The examples of statsd_exporter's mapping, and what is near them.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []Rule
		sent  string
		want  []string
	}{
		{"glob", []Rule{
			{Match: "test.dispatcher.*.*.*", Name: "dispatcher_events_total", Labels: map[string]string{"processor": "$1", "action": "$2", "outcome": "$3", "job": "test_dispatcher"}},
			{Match: "*.signup.*.*", Name: "signup_events_total", Labels: map[string]string{"provider": "$2", "outcome": "$3", "job": "${1}_server"}},
		}, "test.dispatcher.FooProcessor.send.success:1|c\nfoo_product.signup.facebook.failure:1|c\ntest.web-server.foo.bar:1|c", []string{
			`dispatcher_events_total{action="send",job="test_dispatcher",outcome="success",processor="FooProcessor"} 1`,
			`signup_events_total{job="foo_product_server",outcome="failure",provider="facebook"} 1`,
			`test_web_server_foo_bar_total 1`,
		}},
		{"name with a part", []Rule{{Match: "test.*.*.counter", Name: "${2}_total", Labels: map[string]string{"provider": "$1"}}}, "test.a.b.counter:1|c", []string{`b_total{provider="a"} 1`}},
		{"regexp", []Rule{{Regexp: `test\.(\w+)\.(\w+)\.counter`, Name: "${2}_total", Labels: map[string]string{"provider": "$1"}}}, "test.a.b.counter:1|c", []string{`b_total{provider="a"} 1`}},
		{"first wins", []Rule{{Match: "a.*", Name: "x"}, {Match: "a.b", Name: "y"}}, "a.b:1|c", []string{"x_total 1"}},
		{"whole names", []Rule{{Match: "a.*", Name: "x"}}, "a:1|c\na.b.c:1|c\na.:1|c\nb.a.c:1|c", []string{"a_total 2", "a_b_c_total 1", "b_a_c_total 1"}},
		{"types", []Rule{{Match: "a", Types: []Type{Counter, Set}, Name: "x"}}, "a:1|c\na:1|g", []string{"x_total 1", "a 1"}},
		{"drop", []Rule{{Match: "keep.*", Name: "kept", Labels: map[string]string{"n": "$1"}}, {Regexp: ".", Drop: true}}, "keep.a:1|c\nother:1|c\nother:1|c\nx:1:2|g", []string{`kept_total{n="a"} 1`}},
		{"labels win over tags", []Rule{{Match: "a.*", Name: "a", Labels: map[string]string{"x": "$1"}}}, "a.1:1|c|#x:2,y:3", []string{`a_total{x="1",y="3"} 1`}},
		{"dollars", []Rule{{Match: "a.*", Name: "a", Labels: map[string]string{"x": "$$1 $1$$"}}}, "a.b:1|c", []string{`a_total{x="$1 b$"} 1`}},
		{"empty part", []Rule{{Regexp: "^a(x)?$", Name: "a", Labels: map[string]string{"x": "$1"}}}, "a:1|c", []string{`a_total 1`}},
		{"observer", []Rule{{Match: "s", Name: "s", Observer: &Observer{Kind: Summary, Quantiles: []float64{0.5}}}, {Match: "h", Name: "h", Observer: &Observer{Buckets: []float64{2}}}}, "s:1000|ms\nh:1|h", []string{
			`s_seconds{quantile="0.5"} 1`, "s_seconds_sum 1", "s_seconds_count 1", `h_bucket{le="2"} 1`, `h_bucket{le="+Inf"} 1`, "h_sum 1", "h_count 1",
		}},
		{"unit in the name", []Rule{{Match: "t", Name: "t_seconds", Observer: &Observer{Buckets: []float64{}}}}, "t:1000|ms", []string{`t_seconds_bucket{le="+Inf"} 1`, "t_seconds_sum 1", "t_seconds_count 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := taking(t, &Source{Rules: c.rules})
			for _, line := range strings.Split(c.sent, "\n") {
				s.takeNow(line)
			}
			got := text(t, s)
			for i, line := range got { // a quantile is as exact as a bucket
				if strings.HasPrefix(line, `s_seconds{quantile`) {
					got[i] = `s_seconds{quantile="0.5"} 1`
				}
			}
			require.Equal(t, c.want, got)
			require.Empty(t, s.Stats().Rejected)
			if c.name == "drop" {
				require.EqualValues(t, 4, s.Stats().RuleDropped)
			}
		})
	}
}

func TestWrongFields(t *testing.T) {
	for want, s := range map[string]*Source{
		`UDP: "x": not host:port`:            {UDP: "x"},
		`UDP: ":1": has no host: say 127.0`:  {UDP: ":1"},
		`TCP: "a:x": has no port`:            {TCP: "a:x"},
		`TCP: "a:70000": has no port`:        {TCP: "a:70000"},
		"ReceiveBuffer: -1: negative":        {ReceiveBuffer: -1},
		"MaxConns: -1: negative":             {MaxConns: -1},
		"MaxLine: 3: not from 64":            {MaxLine: 3},
		"MaxLine: 2000000: not from 64":      {MaxLine: 2_000_000},
		"MaxSeries: -1: negative":            {MaxSeries: -1},
		"MaxSetValues: -1: negative":         {MaxSetValues: -1},
		"SetWindow: 1ms: less than a second": {SetWindow: time.Millisecond},
		"TagStyles: 16: there are no such":   {TagStyles: 16},
		"UnixMode: drwxrwxrwx: more than":    {Unix: "s", UnixMode: 1<<31 | 0o777},
		"UnixMode: set, and Unix is not":     {UnixMode: 0o666},
		`ContainerLabel: "a-b": no name`:     {ContainerLabel: "a-b"},
		"Observer: Kind: 3 is none":          {Observer: Observer{Kind: 3}},
		"Observer: Buckets: 1 is not finite": {Observer: Observer{Buckets: []float64{1, 1}}},
		"Observer: Quantiles: 1.5 is not":    {Observer: Observer{Quantiles: []float64{1.5}}},
		"Observer: Window: 1ms, less than":   {Observer: Observer{Window: time.Millisecond}},
		"Observer: Buckets: 1001, more than": {Observer: Observer{Buckets: make([]float64, 1001)}},
		"Observer: Quantiles: 101, more":     {Observer: Observer{Quantiles: make([]float64, 101)}},
		"Rules[0]: exactly one of Match and": {Rules: []Rule{{}}},
		"Rules[1]: Name: empty":              {Rules: []Rule{{Match: "a", Name: "a"}, {Match: "a"}}},
		`Match: "a..b": "" between two dots`: {Rules: []Rule{{Match: "a..b", Name: "a"}}},
		`Match: "a*": "a*" between two dots`: {Rules: []Rule{{Match: "a*", Name: "a"}}},
		`Regexp: "(": missing closing )`:     {Rules: []Rule{{Regexp: "(", Name: "a"}}},
		`Types: "x" is none of [c g ms h d`:  {Rules: []Rule{{Match: "a", Name: "a", Types: []Type{"x"}}}},
		`Drop: set, and so is what`:          {Rules: []Rule{{Match: "a", Name: "a", Drop: true}}},
		`Name: "$2": there are 1 parts`:      {Rules: []Rule{{Match: "*", Name: "$2"}}},
		`Labels: x: "$a": a $ that is`:       {Rules: []Rule{{Match: "*", Name: "a", Labels: map[string]string{"x": "$a"}}}},
		`Labels: "le" is no name`:            {Rules: []Rule{{Match: "*", Name: "a", Labels: map[string]string{"le": "1"}}}},
		`Rules[0]: Observer: Kind: 9`:        {Rules: []Rule{{Match: "*", Name: "a", Observer: &Observer{Kind: 9}}}},
		`longer than 10000 bytes`:            {Rules: []Rule{{Match: strings.Repeat("a", 10001), Name: "a"}}},
		`Rules: 10001, more than`:            {Rules: make([]Rule, 10001)},
	} {
		require.ErrorContains(t, s.Validate(), want)
		require.ErrorContains(t, s.Run(t.Context()), want)
	}
	require.NoError(t, (&Source{}).Validate())
}
