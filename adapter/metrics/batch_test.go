package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatchKeepsWhatWasAdded(t *testing.T) {
	var b Batch
	attrs := []Attr{{"k", "v"}}
	for i := range 20 {
		b.Add(Family{Name: string(rune('a' + i))}, Point{attrs, Int(int64(i))})
		b.Add(Family{Name: string(rune('a' + i))}, Point{nil, Float(0.5)})
	}
	attrs[0].Value = "changed"
	require.NoError(t, b.Err())
	require.Equal(t, 40, b.Len())
	n := 0
	for f, p := range b.All() {
		require.Equal(t, string(rune('a'+n/2)), f.Name)
		if n%2 == 0 {
			require.Equal(t, Point{[]Attr{{"k", "v"}}, Int(int64(n / 2))}, p)
		} else {
			require.Equal(t, Float(0.5), p.Value)
			require.Empty(t, p.Attrs)
		}
		n++
	}
	require.Equal(t, 40, n)
	for range b.All() {
		break
	}
}

func TestBatchLeavesOutWhatCantBeServed(t *testing.T) {
	for want, bad := range map[string]struct {
		Family
		Point
	}{
		`"..." has no letter or digit`:                  {Family{Name: "..."}, Point{}},
		`"a\xff" has no letter or digit, or is not UTF`: {Family{Name: "a\xff"}, Point{}},
		`"k" is of the unknown kind 7`:                  {Family{Name: "k", Kind: 7}, Point{}},
		`"t" is a gauge in "" and a counter in ""`:      {Family{Name: "t", Kind: Counter}, Point{}},
		`"t" is a gauge in "" and a gauge in "By"`:      {Family{Name: "t", Unit: "By"}, Point{}},
		`"k" has an attribute with the invalid key ""`:  {Family{Name: "k"}, Point{Attrs: []Attr{{"", "v"}}}},
		`the invalid key "\xff"`:                        {Family{Name: "k"}, Point{Attrs: []Attr{{"\xff", "v"}}}},
	} {
		var b Batch
		b.Add(Family{Name: "t"}, Point{})
		b.Add(bad.Family, bad.Point)
		first := b.Err()
		require.ErrorContains(t, first, want)
		b.Add(Family{Name: "..."}, Point{})
		require.Equal(t, first, b.Err())
		require.Equal(t, 1, b.Len())
	}
}

func TestBatchIsBounded(t *testing.T) {
	var b Batch
	for range maxPoints + 2 {
		b.Add(Family{Name: "t"}, Point{})
	}
	require.Equal(t, maxPoints, b.Len())
	require.ErrorContains(t, b.Err(), "more than 200000 points")
}

func TestNumbers(t *testing.T) {
	v, isInt := Int(math.MinInt64).Int64()
	require.True(t, isInt)
	require.Equal(t, int64(math.MinInt64), v)
	require.Equal(t, -1.0, Int(-1).Float64())
	v, isInt = Float(2.5).Int64()
	require.False(t, isInt)
	require.Zero(t, v)
	require.Equal(t, 2.5, Float(2.5).Float64())
	require.Equal(t, Int(0), Number{})
	require.Equal(t, "gauge, counter, up-down counter, kind 3", Gauge.String()+", "+Counter.String()+", "+UpDownCounter.String()+", "+Kind(3).String())
}
