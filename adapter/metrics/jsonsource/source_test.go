package jsonsource

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// document writes one to a file of a source.
func documentOf(t *testing.T, text string, rules ...Rule) *Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return &Source{File: path, Rules: rules}
}

// series are the lines that a collection has, without comments and json_faults.
func series(t *testing.T, s *Source) (lines []string) {
	t.Helper()
	b := &metrics.Batch{}
	require.NoError(t, s.Collect(t.Context(), b))
	return linesOf(t, b)
}

func linesOf(t *testing.T, b *metrics.Batch) (lines []string) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, metrics.Text.Write(&text, b))
	for line := range strings.Lines(text.String()) {
		if line[0] != '#' && !strings.HasPrefix(line, "json_faults") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

const shop = `{
  "up": true, "down": false, "load": "0.75", "none": null, "big": 9007199254740993, "neg": -1.5e3,
  "mode": "primary", "cpu": "45 %", "mem": "1.5 GiB", "took": "1h2m3.5s", "born": "2024-05-06T07:08:09Z", "rate": "3.2k",
  "pools": {"a": {"used": 1, "limit": null}, "b \"q\"": {"used": 2, "limit": 7}},
  "hosts": [
    {"name": "x", "disks": [{"dev": "sda", "busy": 1500}, {"busy": 20, "dev": "sdb"}], "zone": 3},
    {"disks": [{"dev": "sda", "busy": 7}], "name": "y"},
    {"name": "empty", "disks": []}
  ],
  "list": [10, 20, [30]], "a.b": {"": 5}, "ünï\u0063": 6, "version": "1.2.3"
}`

func TestWhatRulesMakeOfADocument(t *testing.T) {
	for name, test := range map[string]struct {
		rule Rule
		want []string
	}{
		"true":              {Rule{Name: "m", Path: "$.up"}, []string{"m 1"}},
		"false":             {Rule{Name: "m", Path: "down"}, []string{"m 0"}},
		"a string":          {Rule{Name: "m", Path: "$.load"}, []string{"m 0.75"}},
		"above 2^53":        {Rule{Name: "m", Path: "$.big"}, []string{"m 9007199254740993"}},
		"an exponent":       {Rule{Name: "m", Path: "$.neg"}, []string{"m -1500"}},
		"scaled":            {Rule{Name: "m", Path: "$.neg", Scale: 0.5}, []string{"m -750"}},
		"a counter":         {Rule{Name: "m", Path: "$.up", Kind: metrics.Counter}, []string{"m_total 1"}},
		"percent":           {Rule{Name: "m", Unit: "1", Path: "$.cpu", Units: true, Kind: metrics.Gauge}, []string{"m_ratio 0.45"}},
		"bytes":             {Rule{Name: "m", Unit: "By", Path: "$.mem", Units: true}, []string{"m_bytes 1610612736"}},
		"a duration":        {Rule{Name: "m", Unit: "s", Path: "$.took", Units: true}, []string{"m_seconds 3723.5"}},
		"a date":            {Rule{Name: "m", Unit: "s", Path: "$.born", Units: true}, []string{"m_seconds 1714979289"}},
		"a prefix":          {Rule{Name: "m", Path: "$.rate", Units: true}, []string{"m 3200"}},
		"an enum":           {Rule{Name: "m", Path: "$.mode", Enum: map[string]float64{"primary": 1, "replica": 2}}, []string{"m 1"}},
		"an enum's rest":    {Rule{Name: "m", Path: "$.mode", Enum: map[string]float64{"replica": 2, "": -1}}, []string{"m -1"}},
		"states":            {Rule{Name: "m", Path: "$.mode", States: []string{"primary", "replica"}}, []string{`m{m="primary"} 1`, `m{m="replica"} 0`}},
		"an info":           {Rule{Name: "m", Path: "$.version", Kind: metrics.Info, Labels: map[string]string{"version": "$.version"}}, []string{`m_info{version="1.2.3"} 1`}},
		"keys as a label":   {Rule{Name: "m", Path: "$.pools.{pool}.used"}, []string{`m{pool="a"} 1`, `m{pool="b \"q\""} 2`}},
		"null is nothing":   {Rule{Name: "m", Path: "$.pools.{pool}.limit"}, []string{`m{pool="b \"q\""} 7`}},
		"index as a label":  {Rule{Name: "m", Path: "$.hosts[{i}].disks[0].busy", Static: map[string]string{"s": "t"}}, []string{`m{i="0",s="t"} 1500`, `m{i="1",s="t"} 7`}},
		"an index":          {Rule{Name: "m", Path: "$.list[1]"}, []string{"m 20"}},
		"an index in one":   {Rule{Name: "m", Path: "$.list[2][0]"}, []string{"m 30"}},
		"keys in quotes":    {Rule{Name: "m", Path: `$['a.b'][""]`}, []string{"m 5"}},
		"a key with escape": {Rule{Name: "m", Path: "$.ünïc"}, []string{"m 6"}},
		"labels that come before and after": {
			Rule{Name: "m", Path: "$.hosts[*].disks[*].busy", Scale: 0.001, Labels: map[string]string{"host": "$.hosts[*].name", "disk": "@.dev", "zone": "hosts.{x}.zone"}},
			[]string{`m{disk="sda",host="x",zone="3"} 1.5`, `m{disk="sdb",host="x",zone="3"} 0.02`, `m{disk="sda",host="y"} 0.007`},
		},
		"a label of the document": {Rule{Name: "m", Path: "$.list[0]", Labels: map[string]string{"mode": "$.mode", "none": "$.none"}}, []string{`m{mode="primary"} 10`}},
		"nothing, and optional":   {Rule{Name: "m", Path: "$.nothing.at.all", Optional: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := documentOf(t, shop, test.rule)
			s.Strict = true
			for range 3 {
				require.Equal(t, test.want, series(t, s))
			}
		})
	}
}

func TestRulesOfOneNameMakeOneFamily(t *testing.T) {
	s := documentOf(t, `{"cpu": {"user": 1, "sys": 2}, "x": 3, "a": {"k": 4}}`,
		Rule{Name: "cpu", Path: "$.cpu.user", Static: map[string]string{"mode": "user"}},
		Rule{Name: "other", Path: "$.x"},
		Rule{Name: "cpu", Path: "$.cpu.sys", Static: map[string]string{"mode": "system"}},
		Rule{Name: "all", Path: "$.{k}.k"}, // a key and a wildcard at one place
		Rule{Name: "one", Path: "$.a.k"},
	)
	require.Equal(t, []string{`cpu{mode="user"} 1`, `cpu{mode="system"} 2`, "other 3", `all{k="a"} 4`, "one 4"}, series(t, s))
}

func TestAFaultCostsItsPointAlone(t *testing.T) {
	s := documentOf(t, `{"hosts": [{"name": "x", "load": "high"}, {"name": ["y"], "load": 2}, {"name": "z", "load": 3}], "n": {}}`,
		Rule{Name: "load", Path: "$.hosts[*].load", Labels: map[string]string{"host": "@.name"}},
		Rule{Name: "n", Path: "$.n"},
		Rule{Name: "gone", Path: "$.gone"},
		Rule{Name: "gone2", Path: "$.hosts[*].gone"},
	)
	var log bytes.Buffer
	box := &sandbox.Sandbox{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range 2 {
		b := &metrics.Batch{}
		require.NoError(t, s.Collect(box.Context(t.Context()), b))
		require.Equal(t, []string{`load{host="z"} 3`}, linesOf(t, b))
	}
	require.Equal(t, 4, strings.Count(log.String(), "WARN"), "each rule is told once: %s", &log)
	require.Contains(t, log.String(), `rule \"load\" of $.hosts[*].load: $.hosts[0].load: \"high\" is no number`)
	st := s.Stats()
	require.EqualError(t, st.Last, `rule "gone2" of $.hosts[*].gone: there is nothing`)
	st.Last = nil
	require.Equal(t, Stats{Documents: 2, Values: 2, Faults: 10}, st)

	require.NoError(t, os.WriteFile(s.File, []byte(`{"hosts": [{"load": 1, "gone": 1}], "n": 1, "gone": 1}`), 0o600))
	require.NoError(t, s.Collect(box.Context(t.Context()), &metrics.Batch{}))
	require.Equal(t, 4, strings.Count(log.String(), "takes all values again"))

	strict := documentOf(t, `{"a": "x", "b": [1, {}]}`, Rule{Name: "a", Path: "$.a"}, Rule{Name: "b", Path: "$.b[*]"})
	strict.Strict = true
	require.EqualError(t, strict.Collect(t.Context(), &metrics.Batch{}),
		`2 faults: rule "a" of $.a: "x" is no number; rule "b" of $.b[*]: $.b[1]: it is an object, want a number`)
	lenient := documentOf(t, `{"a": "x"}`, Rule{Name: "a", Path: "$.a"})
	require.EqualError(t, lenient.Collect(t.Context(), &metrics.Batch{}), `1 faults: rule "a" of $.a: "x" is no number`, "nothing worked")
	empty := documentOf(t, `{"a": []}`, Rule{Name: "a", Path: "$.a[*]"})
	require.NoError(t, empty.Collect(t.Context(), &metrics.Batch{}), "no elements are no fault")
}

func TestLabelsThatAreGoneAreForgotten(t *testing.T) {
	s := documentOf(t, `{}`, Rule{Name: "m", Path: "$.{k}"})
	for round := range 50 {
		var text strings.Builder
		text.WriteString("{")
		for i := range 100 {
			if i > 0 {
				text.WriteString(",")
			}
			text.WriteString(`"` + strings.Repeat("x", round) + string(rune('A'+i%26)) + strings.Repeat("y", i) + `":1`)
		}
		text.WriteString("}")
		require.NoError(t, os.WriteFile(s.File, []byte(text.String()), 0o600))
		require.NoError(t, s.Collect(context.Background(), &metrics.Batch{}))
		require.LessOrEqual(t, len(s.plan.sets[0].known), 316)
	}
}
