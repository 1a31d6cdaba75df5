package httpproxy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func splitting(t testing.TB, by *Key, weights ...int) parts {
	s := &Split{By: by, Header: "X-Part"}
	for i, w := range weights {
		s.Parts = append(s.Parts, Part{Name: fmt.Sprint("part ", i), Weight: w})
	}
	p, err := newParts(s)
	require.NoError(t, err)
	return p
}

func TestSplitHasItsShares(t *testing.T) {
	const n = 20_000
	for _, weights := range [][]int{{1, 1}, {99, 1}, {5, 0, 3, 2}, {500_000, 500_000, 1_000_000}} {
		sum := 0
		for _, w := range weights {
			sum += w
		}
		for _, by := range []*Key{nil, {Header: "Key"}} {
			p := splitting(t, by, weights...)
			got := map[string]int{}
			rnd := rand.New(rand.NewPCG(1, 2))
			for i := range n {
				got[p.choose(asking("GET", "h", "/", "Key", fmt.Sprint("user-", i)), rnd.Uint64).name]++
			}
			for i, w := range weights {
				require.InDelta(t, float64(w)/float64(sum), float64(got[fmt.Sprint("part ", i)])/n, 0.014, "%v %v", weights, got)
			}
		}
	}
}

// Keys move only to parts that have grown compared with the one they leave, and as
// many as the new shares make necessary.
func TestSplitMovesOnlyWhatItMust(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		count := 2 + rnd.IntN(4)
		before, after := make([]int, count), make([]int, count)
		for i := range before {
			before[i] = 1 + rnd.IntN(100)
			if after[i] = before[i]; rnd.IntN(2) == 0 {
				after[i] = rnd.IntN(100)
			}
		}
		after[rnd.IntN(count)]++
		a, b := splitting(t, nil, before...), splitting(t, nil, after...)
		at := map[string]int{}
		for i := range count {
			at[fmt.Sprint("part ", i)] = i
		}
		for key := range 2000 {
			from, to := at[a.sticky(fmt.Sprint(key)).name], at[b.sticky(fmt.Sprint(key)).name]
			if from != to {
				require.Greater(t, after[to]*before[from], before[to]*after[from], "%v %v", before, after)
			}
		}
	}
	const n = 30_000
	moved := 0
	a, b := splitting(t, nil, 90, 10), splitting(t, nil, 80, 20)
	for key := range n {
		if a.sticky(fmt.Sprint(key)).name != b.sticky(fmt.Sprint(key)).name {
			moved++
		}
	}
	require.InDelta(t, 0.1, float64(moved)/n, 0.01)
}

func TestSplitIsTheSameEverywhere(t *testing.T) {
	p := splitting(t, nil, 1, 1, 1)
	got := ""
	for i := range 16 {
		got += p.sticky(fmt.Sprint("user-", i)).name[5:]
	}
	require.Equal(t, "2100112110121000", got, "who runs an experiment has his users in other parts now")
	p.all[0], p.all[2] = p.all[2], p.all[0]
	again := ""
	for i := range 16 {
		again += p.sticky(fmt.Sprint("user-", i)).name[5:]
	}
	require.Equal(t, got, again, "the order does not matter")
}

func TestSplitNamesAreIndependent(t *testing.T) {
	a, b := splitting(t, nil, 1, 1), splitting(t, nil, 1, 1)
	other := *b.of
	other.Name = "another experiment"
	b, err := newParts(&other)
	require.NoError(t, err)
	both := 0
	for i := range 10_000 {
		if a.sticky(fmt.Sprint(i)).name == b.sticky(fmt.Sprint(i)).name {
			both++
		}
	}
	require.InDelta(t, 5000, both, 250)
}

func TestSplitHeaderAsksForAPart(t *testing.T) {
	p := splitting(t, &Key{Header: "Key"}, 1, 0)
	for range 100 {
		require.Equal(t, "part 1", p.choose(asking("GET", "h", "/", "x-part", "part 1", "Key", "k"), rand.Uint64).name)
		require.Equal(t, "part 0", p.choose(asking("GET", "h", "/", "x-part", "part 2", "Key", "k"), rand.Uint64).name)
		require.Equal(t, "part 0", p.choose(asking("GET", "h", "/"), rand.Uint64).name)
	}
}

func TestWrongSplits(t *testing.T) {
	for want, s := range map[string]*Split{
		"none of 0 has a Weight":                  {},
		"none of 1 has a Weight":                  {Parts: []Part{{Name: "a"}}},
		"entry 1 has no Name":                     {Parts: []Part{{Name: "a", Weight: 1}, {Weight: 1}}},
		`entry 1 has a Name that is there`:        {Parts: []Part{{Name: "a", Weight: 1}, {Name: "a"}}},
		`"a": Weight: -1`:                         {Parts: []Part{{Name: "a", Weight: -1}}},
		`"a": Weight: 1000001`:                    {Parts: []Part{{Name: "a", Weight: 1_000_001}}},
		"By: of nothing":                          {Parts: []Part{{Name: "a", Weight: 1}}, By: &Key{}},
		`Header: "a b" is no name of a field`:     {Parts: []Part{{Name: "a", Weight: 1}}, Header: "a b"},
		`By: Header: "a b" is no name of a field`: {Parts: []Part{{Name: "a", Weight: 1}}, By: &Key{Header: "a b"}},
		`By: Cookie: "a b" is no name of a`:       {Parts: []Part{{Name: "a", Weight: 1}}, By: &Key{Cookie: "a b"}},
	} {
		_, err := newParts(s)
		require.ErrorContains(t, err, want)
	}
}

func BenchmarkSplit(b *testing.B) {
	p := splitting(b, &Key{Header: "Key"}, 90, 10)
	x := asking("GET", "h", "/", "Key", "0123456789abcdef")
	b.ReportAllocs()
	for b.Loop() {
		p.choose(x, rand.Uint64)
	}
}
