package jsonsource

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func TestWhatIsWrongWithTheFields(t *testing.T) {
	ok := []Rule{{Name: "m", Path: "$.m"}}
	for want, s := range map[string]*Source{
		`URL: "" and File: "", want one of them`:                        {Rules: ok},
		`URL: "http://a" and File: "b", want one of them`:               {URL: "http://a", File: "b", Rules: ok},
		`MaxBytes: -1, want up to 1073741824`:                           {File: "b", Rules: ok, MaxBytes: -1},
		`URL: "ftp://a:1/" is neither`:                                  {URL: "ftp://a:1/", Rules: ok},
		`Rules: there are 0, want 1 to 10000`:                           {File: "b"},
		`Rules[0] (rule "" of $.m): Name: it is empty`:                  {File: "b", Rules: []Rule{{Path: "$.m"}}},
		`Rules[1] (rule "m" of $.n): Unit: "s", and another rule`:       {File: "b", Rules: []Rule{ok[0], {Name: "m", Unit: "s", Path: "$.n"}}},
		`Rules[1] (rule "m" of $.n): Kind: counter, and another rule o`: {File: "b", Rules: []Rule{ok[0], {Name: "m", Kind: metrics.Counter, Path: "$.n"}}},
	} {
		require.ErrorContains(t, s.Validate(), want)
		require.ErrorContains(t, s.Collect(t.Context(), &metrics.Batch{}), want)
	}
	for want, r := range map[string]Rule{
		`Path: is empty`:                                   {},
		`Path: "$." has an empty name`:                     {Path: "$."},
		`Path: "$..a" has an empty name`:                   {Path: "$..a"},
		`Path: "$.a[" has a [ without its ]`:               {Path: "$.a["},
		`Path: "$.a[-1]" has [-1], which is none of`:       {Path: "$.a[-1]"},
		`Path: "$.a[1:2]" has [1:2], which is none of`:     {Path: "$.a[1:2]"},
		`Path: "$.a[10001]" has [10001], want an index up`: {Path: "$.a[10001]"},
		`Path: "$.a[?(@.b)]" has [?(@.b)], which is none`:  {Path: "$.a[?(@.b)]"},
		`Path: "$a" has "a" where . or [ is to stand`:      {Path: "$a"},
		`Path: "$.{}" has {}, which is no {label}`:         {Path: "$.{}"},
		`Path: "$['a" has a ['key'] without its end`:       {Path: "$['a"},
		`Path: "$['a'" has a ['key' without its ]`:         {Path: "$['a'"},
		`Path: "$.a*b" has the name "a*b"`:                 {Path: "$.a*b"},
		`Path: "@.a": an @ is for labels`:                  {Path: "@.a"},
		`has more than 64 steps`:                           {Path: "$" + strings.Repeat(".a", 65)},
		`Path: its label {k} is there already`:             {Path: "$.{k}.{k}"},
		`Labels["l"]: "$.b[*].c" has a wildcard where`:     {Path: "$.a[*].c", Labels: map[string]string{"l": "$.b[*].c"}},
		`Labels["l"]: "$.a[*][*]" has a wildcard where`:    {Path: "$.a[*]", Labels: map[string]string{"l": "$.a[*][*]"}},
		`Labels["l"]: is empty`:                            {Path: "$.a", Labels: map[string]string{"l": ""}},
		`Labels[""]: a label has no name`:                  {Path: "$.a", Labels: map[string]string{"": "$.b"}},
		`Static: the label "l" is one of Labels as well`:   {Path: "$.a", Labels: map[string]string{"l": "$.b"}, Static: map[string]string{"l": "x"}},
		`Kind: histogram can't be made of JSON`:            {Path: "$.a", Kind: metrics.Histogram},
		`States: there are 0, want 1 to 1000`:              {Path: "$.a", Kind: metrics.StateSet},
		`States: they are of a stateset, and Kind is gau`:  {Path: "$.a", Kind: metrics.Gauge, States: []string{"a"}},
		`States[1]: "a" is empty or there already`:         {Path: "$.a", States: []string{"a", "a"}},
		`Labels["m"]: it is the label that tells the st`:   {Path: "$.{m}", States: []string{"a"}},
		`Scale: NaN is no number to multiply by`:           {Path: "$.a", Scale: math.NaN()},
		`Enum: it goes neither with Units nor with`:        {Path: "$.a", Enum: map[string]float64{}, Units: true},
	} {
		r.Name = "m"
		require.ErrorContains(t, (&Source{File: "f", Rules: []Rule{r}}).Validate(), want)
	}
}

func TestRulesInAFile(t *testing.T) {
	const text = `
rules:
- name: pool.used
  unit: By
  help: What is used.
  path: $.pools.{pool}.used
  static: {a: b}
- {name: n, kind: counter, path: $.n, scale: 0.5, optional: true}
- {name: u, path: $.u, units: true}
- {name: e, path: $.e, enum: {on: 1, off: 0}}
- {name: s, path: "$.s[*].state", states: [a, b], labels: {x: "@.name"}}
`
	want := []Rule{
		{Name: "pool.used", Unit: "By", Help: "What is used.", Path: "$.pools.{pool}.used", Static: map[string]string{"a": "b"}},
		{Name: "n", Kind: metrics.Counter, Path: "$.n", Scale: 0.5, Optional: true},
		{Name: "u", Path: "$.u", Units: true},
		{Name: "e", Path: "$.e", Enum: map[string]float64{"on": 1, "off": 0}},
		{Name: "s", Path: "$.s[*].state", States: []string{"a", "b"}, Labels: map[string]string{"x": "@.name"}},
	}
	rules, err := ParseRules([]byte(text))
	require.NoError(t, err)
	require.Equal(t, want, rules)
	rules, err = ParseRules([]byte(`{"rules": [{"name": "pool.used", "unit": "By", "help": "What is used.", "path": "$.pools.{pool}.used", "static": {"a": "b"}}]}`))
	require.NoError(t, err, "JSON is YAML")
	require.Equal(t, want[:1], rules)

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "r.yml"), []byte(text), 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	rules, err = ReadRules(root, "r.yml")
	require.NoError(t, err)
	require.Equal(t, want, rules)
	_, err = ReadRules(root, "none")
	require.ErrorIs(t, err, os.ErrNotExist)

	for text, want := range map[string]string{
		"":                                "Rules: there are 0",
		"rules: 1":                        "cannot unmarshal",
		"rules: [{nam: x}]":               "field nam not found",
		"rules: [{name: x, kind: cow}]":   `rule "x" of : kind: "cow" is none of`,
		"rules: [{name: x, path: '$..'}":  "did not find expected",
		"rules: [{name: x, path: '$..'}]": `Path: "$.." has an empty name`,
		"rules: []\n---\nrules: []":       "there is something after the rules",
		strings.Repeat(" ", 1<<20) + "  ": "more than 1048576 bytes",
	} {
		_, err := ParseRules([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

func TestADocumentThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "no JSON: cut off after 0 bytes: want a value",
		`{"a": 1`:                   "no JSON: cut off after 7 bytes: want a comma or an end",
		`{"a": 1,}`:                 `no JSON: at byte 8 is '}': want a value after the comma`,
		`{"a" 1}`:                   `no JSON: at byte 5 is '1': want a colon`,
		`{"a": 1} {}`:               `no JSON: at byte 9 is '{': want nothing after the document`,
		`{"a": 01}`:                 `no JSON: at byte 7 is '1': want a comma or an end`,
		`{"a": "x`:                  "no JSON: cut off after 8 bytes: want the end of a string",
		"{\"a\": \"x\ny\"}":         `no JSON: at byte 8 is '\n': no string has it`,
		`{"b": "\x"}`:               `no JSON: at byte 8 is 'x': no escape is so`,
		"\x1f\x8b\x08\x00binary":    `no JSON: at byte 0 is '\x1f': no value begins so`,
		"<html>":                    `no JSON: at byte 0 is '<': no value begins so`,
		`{"a": NaN}`:                `no JSON: at byte 6 is 'N': no value begins so`,
		strings.Repeat("[", 10_000): "at byte 1000 arrays and objects are more than 1000 deep",
		`{"a":` + strings.Repeat(`{"a":`, 10_000): "at byte 5000 arrays and objects are more than 1000 deep",
		`{"a":` + strings.Repeat(`[`, 2_000):      "at byte 1004 arrays and objects are more than 1000 deep",
	} {
		s := documentOf(t, text, Rule{Name: "a", Path: "$.a", Optional: true})
		err := s.Collect(t.Context(), &metrics.Batch{})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, s.File)
	}
	s := documentOf(t, "["+strings.Repeat("1,", maxHits)+"1]", Rule{Name: "a", Path: "$.{i}"})
	require.ErrorContains(t, s.Collect(t.Context(), &metrics.Batch{}), `more than 1048576 values, the first too many for rule "a" of $.{i}`)
	s = documentOf(t, "["+strings.Repeat("1,", 8<<20)+"1]", Rule{Name: "a", Path: "$.a"})
	require.ErrorContains(t, s.Collect(t.Context(), &metrics.Batch{}), "is larger than 16777216 bytes")
}
