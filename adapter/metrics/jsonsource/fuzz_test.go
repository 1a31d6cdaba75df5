package jsonsource

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

var fuzzRules = []Rule{
	{Name: "a", Path: "$.a"},
	{Name: "all", Path: "$.{k}", Labels: map[string]string{"l": "@.l", "m": "$.m"}},
	{Name: "deep", Path: "$.*[{i}].x", Units: true, Unit: "s"},
	{Name: "state", Path: "$.a[*]", States: []string{"x", "y"}},
	{Name: "at", Path: "$.a[1]", Enum: map[string]float64{"x": 1}},
}

// What encoding/json takes is a document, and nothing else is.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		shop, "", "{}", "[]", "1", `"x"`, "null", `{"a": [1, "x", {"x": "1h"}], "m": "\ud83d\ude00\ud83d", "b": {"l": 2}}`, `{"a":1,"a":2}`,
		`[[[]]]`, `{"a":{"a":{}}}`, "\ufeff{}", `{"\u0061": 1}`, `{"a": -0, "b": 1e999, "c": 1.5E+3}`, `{"a":1}x`, "{\"a\":\"\x00\"}", `{"a":"\`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	p, err := compile(fuzzRules)
	if err != nil {
		f.Fatal(err)
	}
	s := &Source{plan: p}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := s.doc.read(p, text)
		body := text
		if len(body) >= 3 && string(body[:3]) == "\ufeff" {
			body = body[3:]
		}
		if valid := json.Valid(body); valid != (err == nil) && (err == nil || len(text) < maxDepth) {
			t.Fatalf("%q: encoding/json says %v, and here it is %v", text, valid, err)
		}
		if err != nil {
			return
		}
		_ = s.add(t.Context(), &metrics.Batch{})
	})
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.5", "0.1", "123456789012345678901234567890",
		"1e3", "1E-3", "1e999", "4.35", "0.000000000000000000000001", "9007199254740993.0", "1.7976931348623157e308", "5e-324",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s := (&scanner{b: []byte(text)}); len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') || s.number(0) != len(text) {
			return
		}
		got, err := number([]byte(text))
		want, wantErr := strconv.ParseFloat(text, 64)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, strconv %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		if n, isInt := got.Int(); isInt {
			if exact, err := strconv.ParseInt(text, 10, 64); err != nil || exact != n {
				t.Fatalf("%q: %d, strconv %d %v", text, n, exact, err)
			}
		} else if math.Float64bits(got.Float()) != math.Float64bits(want) {
			t.Fatalf("%q: %v, strconv %v", text, got.Float(), want)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"", "$", "a", "$.a.b[*]", "$['a\\'b'].{x}[{y}][3]", "@.x", "$[", "$.[", "$..", "$[\"", "$.a]", "[0]", "$[99999999999]"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, path, label string) {
		p, err := compile([]Rule{{Name: "m", Path: path, Labels: map[string]string{"l": label}}})
		if err != nil {
			return
		}
		s := &Source{plan: p}
		if err := s.doc.read(p, []byte(shop)); err != nil {
			t.Fatal(err)
		}
		_ = s.add(t.Context(), &metrics.Batch{})
	})
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{
		"rules:\n- {name: a, path: $.a}", `{"rules": [{"name": "a", "path": "$.a", "kind": "counter"}]}`, "rules: [&a {name: x, path: y}, *a]",
		"a: &a [*a]", "rules: [{<<: {name: a}, path: b}]", "- - -", "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, err := ParseRules(text)
		if err == nil {
			if err := (&Source{File: "f", Rules: rules}).Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzUnits(f *testing.F) {
	for _, seed := range []string{"1h2m", "-3 ms", "1.5 GiB", "45%", "2024-05-06T07:08:09.5Z", "1e3k", "", "-", "1..2s", "1 2 3"} {
		f.Add(seed, "s")
		f.Add(seed, "By")
		f.Add(seed, "1")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, unit string) {
		v, err := withUnit([]byte(text), unit)
		if err != nil && err.Error() == "" || err == nil && v.Float() != v.Float() && text != "NaN" && text != "nan" {
			t.Fatalf("%q in %q: %v %v", text, unit, v, err)
		}
	})
}
