package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	var b Batch
	b.Family(Desc{Name: "z.last", Kind: Gauge, Help: "A \\ and a\nline end and \"quotes\"."}).Add(NewLabels("path", "a\\b\"c\nd", "empty", ""), Float(math.Inf(1)))
	b.Family(Desc{Name: "a.first", Unit: "By", Kind: Counter}).Add(nil, Int(math.MaxInt64))
	b.Family(Desc{Name: "m", Kind: Gauge}).Add(NewLabels("l", "2"), Float(math.NaN()))
	b.Family(Desc{Name: "m", Kind: Gauge}).Add(NewLabels("l", "1"), Float(1e21))
	b.Family(Desc{Name: "m", Kind: Gauge}).Add(NewLabels("x", "bad \xff utf-8"), Float(0.1))
	b.Family(Desc{Name: "m", Kind: Gauge}).Add(NewLabels("a_b", "2", "a.b", "1"), Float(math.Inf(-1)))
	text, conflicts := render(t, &b)
	require.Zero(t, conflicts)
	require.Equal(t, `# TYPE a_first_bytes_total counter
a_first_bytes_total 9223372036854775807
# TYPE m gauge
m{a_b="1;2"} -Inf
m{l="1"} 1e+21
m{l="2"} NaN
m{x="bad � utf-8"} 0.1
# HELP z_last A \\ and a\nline end and "quotes".
# TYPE z_last gauge
z_last{path="a\\b\"c\nd"} +Inf
`, text)
}

func TestConflictsAreLeftOutAndCounted(t *testing.T) {
	var first, second Batch
	first.Family(Desc{Name: "a.b", Kind: Gauge, Help: "one"}).Add(NewLabels("l", "1"), Int(1))
	second.Family(Desc{Name: "a_b", Kind: Gauge, Help: "two"}).Add(NewLabels("l", "1"), Int(2)) // the same series
	second.Family(Desc{Name: "a_b", Kind: Gauge}).Add(NewLabels("l", "2"), Int(3))              // another
	second.Family(Desc{Name: "a.c.total", Kind: Gauge}).Add(nil, Int(4))
	second.Family(Desc{Name: "a.c", Kind: Counter}).Add(nil, Int(5)) // another type
	second.Family(Desc{Name: "a.c", Kind: Counter}).Add(NewLabels("l", "2"), Int(5))
	text, conflicts := render(t, &first, &second)
	require.Equal(t, 3, conflicts)
	require.Equal(t, "# HELP a_b one\n# TYPE a_b gauge\na_b{l=\"1\"} 1\na_b{l=\"2\"} 3\n# TYPE a_c_total gauge\na_c_total 4\n", text)
}

func TestOfEqualSeriesTheFirstWins(t *testing.T) {
	batches := make([]*Batch, 100)
	for i := range batches {
		batches[i] = new(Batch)
		batches[i].Family(Desc{Name: "a", Kind: Gauge}).Add(NewLabels("l", "2"), Int(int64(i)))
		batches[i].Family(Desc{Name: "a", Kind: Gauge}).Add(nil, Int(int64(i)))
		batches[i].Family(Desc{Name: "a", Kind: Gauge}).Add(NewLabels("l", "1"), Int(int64(i)))
	}
	text, conflicts := render(t, batches...)
	require.Equal(t, 297, conflicts)
	require.Equal(t, "# TYPE a gauge\na 0\na{l=\"1\"} 0\na{l=\"2\"} 0\n", text)
}

func TestTheOrderOfSourcesDoesNotMatter(t *testing.T) {
	var a, b Batch
	for i := range 20 {
		a.Family(Desc{Name: "f" + string(rune('a'+i%5)), Kind: Gauge}).Add(NewLabels("l", string(rune('a'+i))), Int(1))
		b.Family(Desc{Name: "f" + string(rune('e'-i%5)), Kind: Gauge}).Add(NewLabels("m", string(rune('z'-i))), Int(1))
	}
	one, _ := render(t, &a, &b)
	other, _ := render(t, &b, &a)
	require.Equal(t, one, other)
}

func FuzzTextIsValid(f *testing.F) {
	f.Add("process.cpu.time", "s", "help", uint8(1), "cpu.mode", "user", "k", 1.5)
	f.Add("1", "%/m", "a\\\n", uint8(0), "9", "\"\\\n", "é", math.NaN())
	f.Add("a:b", "x/{y}", "\xff\r", uint8(2), "a.b", ";", "a_b", math.Inf(1))
	f.Fuzz(func(t *testing.T, name, unit, help string, kind uint8, k1, v, k2 string, value float64) {
		var a, b Batch
		d := Desc{Name: name, Unit: unit, Help: help, Kind: Kind(kind%3) + 1}
		fa, fb := a.Family(d), b.Family(d)
		fa.Add(NewLabels(k1, v, k2, v), Float(value))
		fa.Add(nil, Float(value))
		b.Family(Desc{Name: unit, Kind: Kind(kind/3)%3 + 1}).Add(NewLabels(k2, help), Int(int64(kind)))
		fb.Add(NewLabels(k2, v), Int(1))
		for _, x := range []*Batch{&a, &b} {
			if _, err := x.arrange(&names{}); err != nil {
				return
			}
		}
		render(t, &a, &b)
	})
}
