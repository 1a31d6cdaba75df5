package upstream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// numbered are so many endpoints of the same weight.
func numbered(n int) Static {
	s := make(Static, n)
	for i := range s {
		s[i].Address = fmt.Sprintf("10.0.%d.%d:80", i/250, i%250)
	}
	return s
}

// take picks, and gives back at once.
func take(t testing.TB, c *Cluster) string {
	l, err := c.Pick(t.Context())
	require.NoError(t, err)
	l.Done()
	return l.Endpoint().Address
}

func TestRoundRobin(t *testing.T) {
	c := &Cluster{Endpoints: Static{{Address: "a:1", Weight: 5}, {Address: "b:1"}, {Address: "c:1", Weight: 2}}, Balancer: RoundRobin{}}
	var order strings.Builder
	for range 24 {
		order.WriteString(take(t, c)[:1])
	}
	require.Equal(t, "acabaaca"+"acabaaca"+"acabaaca", order.String())

	same := &Cluster{Endpoints: To("a:1", "b:1", "c:1"), Balancer: RoundRobin{}}
	order.Reset()
	for range 9 {
		order.WriteString(take(t, same)[:1])
	}
	require.Equal(t, "abcabcabc", order.String())
}

// Whatever the weights are, and though the table is made anew time and again.
func TestRoundRobinIsSmooth(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		set := numbered(2 + random.IntN(20))
		total := 0
		for i := range set {
			set[i].Weight = 1 + random.IntN(50)
			total += set[i].Weight
		}
		c := &Cluster{Endpoints: set, Balancer: RoundRobin{}}
		count := map[string]int{}
		for n := 1; n <= 2*total; n++ {
			count[take(t, c)]++
			if n%7 == 0 {
				c.refresh()
			}
			for _, e := range set {
				due := float64(n) * float64(e.Weight) / float64(total)
				require.Less(t, math.Abs(float64(count[e.Address])-due), 1.000001, "seed %d, after %d: %v", seed, n, e)
			}
		}
	}
}

// throw puts so many balls into the endpoints, none of which is done, and returns
// the largest load of one.
func throw(t *testing.T, c *Cluster, balls int) int {
	count := map[string]int{}
	for range balls {
		l, err := c.Pick(t.Context())
		require.NoError(t, err)
		count[l.Endpoint().Address]++
	}
	most := 0
	for _, n := range count {
		most = max(most, n)
	}
	return most
}

// Two choices leave the largest load of n balls in n bins at about ln ln n / ln 2
// above the mean, one choice at about ln n / ln ln n.
func TestLargestLoadOfTwoChoices(t *testing.T) {
	const n = 1000
	two := throw(t, &Cluster{Endpoints: numbered(n)}, n)
	random := func(balls int) int {
		count := make([]int, n)
		for range balls {
			count[rand.IntN(n)]++
		}
		return slices.Max(count)
	}
	one := random(n)
	require.LessOrEqual(t, two, 4)
	require.GreaterOrEqual(t, one, two)
	heavy, heavyOne := throw(t, &Cluster{Endpoints: numbered(n)}, 20*n), random(20*n)
	require.LessOrEqual(t, heavy, 24, "whatever the mean is")
	require.Greater(t, heavyOne, heavy)
	t.Logf("largest load in %d bins: of %d balls %d with two choices and %d with one, of %d %d and %d", n, n, two, one, 20*n, heavy, heavyOne)
}

func TestTwoChoicesHeedWeights(t *testing.T) {
	set := numbered(10)
	total := 0
	for i := range set {
		set[i].Weight = 1 + i
		total += set[i].Weight
	}
	for name, hold := range map[string]bool{"idle": false, "loaded": true} {
		c := &Cluster{Endpoints: set}
		const n = 55_000
		for range n {
			l, err := c.Pick(t.Context())
			require.NoError(t, err)
			if !hold {
				l.Done()
			}
		}
		for _, e := range c.Stats().Endpoints {
			want := float64(n) * float64(e.Weight) / float64(total)
			require.InEpsilon(t, want, e.Picked, 0.2, "%s: %s of weight %d", name, e.Address, e.Weight)
		}
	}
}

func TestSampler(t *testing.T) {
	all := []candidate{{nil, 1}, {nil, 0.1}, {nil, 7}, {nil, 3}, {nil, 0.9}}
	s := newSampler(all)
	count := make([]float64, len(all))
	const n = 200_000
	for range n {
		count[s.draw()]++
	}
	for i, c := range all {
		require.InEpsilon(t, n*c.weight/12, count[i], 0.2, "%v", c.weight)
	}
}

// keys are where so many keys go.
func keys(t *testing.T, c *Cluster, n int) []string {
	where := make([]string, n)
	for i := range where {
		l, err := c.Pick(WithKey(t.Context(), fmt.Sprint("user-", i)))
		require.NoError(t, err)
		where[i] = l.Endpoint().Address
		l.Done()
	}
	return where
}

func TestMaglev(t *testing.T) {
	const n, many = 20, 5000
	set := numbered(n)
	before := keys(t, &Cluster{Endpoints: set, Balancer: Maglev{}}, many)
	shuffled := slices.Clone(set)
	rand.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	require.Equal(t, before, keys(t, &Cluster{Endpoints: shuffled, Balancer: Maglev{}}, many), "in every process")
	count := map[string]int{}
	for _, a := range before {
		count[a]++
	}
	for a, c := range count {
		require.InEpsilon(t, many/n, c, 0.3, a)
	}
	worst := 0.0
	for gone := 0; gone < n; gone += 4 {
		after := keys(t, &Cluster{Endpoints: slices.Delete(slices.Clone(set), gone, gone+1), Balancer: Maglev{}}, many)
		moved := 0
		for i, a := range before {
			if after[i] != a {
				moved++
			}
		}
		worst = max(worst, float64(moved)/many)
	}
	t.Logf("one of %d leaves: at most %.1f %% of the keys move, and 1/n is %.1f %%", n, 100*worst, 100.0/n)
	require.Less(t, worst, 1.6/n)
}

func TestMaglevHeedsWeights(t *testing.T) {
	set := Static{{Address: "a:1", Weight: 5}, {Address: "b:1", Weight: 1}, {Address: "c:1", Weight: 4}}
	count := map[string]int{}
	for _, a := range keys(t, &Cluster{Endpoints: set, Balancer: Maglev{}}, 20_000) {
		count[a]++
	}
	for _, e := range set {
		require.InEpsilon(t, 2000*e.Weight, count[e.Address], 0.1, e.Address)
	}
}

// A few that weigh much do not make the table slow to fill.
func TestMaglevOfUnevenWeights(t *testing.T) {
	set := numbered(1000)
	for i := range set {
		set[i].Weight = 1
	}
	set[0].Weight = maxWeight
	c := &Cluster{Endpoints: set, Balancer: Maglev{Size: 4_999_999}}
	began := time.Now()
	require.NoError(t, c.begin())
	require.Less(t, time.Since(began), 10*time.Second) // it was a look at each endpoint for each slot
	count := map[int32]int{}
	for _, at := range c.table.Load().levels[0].picker.(*slots).table {
		count[at]++
	}
	require.Len(t, count, 1000)
	for _, n := range count {
		if n < 1000 {
			require.InDelta(t, 4_999_999.0/(maxWeight+999), n, 1)
		}
	}
}

// A key whose endpoint fails goes to the same other one each time, and comes back.
func TestMaglevNextEndpoint(t *testing.T) {
	inWorld(t, func(w *world) {
		backends := map[string]*backend{}
		for _, a := range []string{"a:1", "b:1", "c:1"} {
			backends[a] = w.backend(a)
		}
		c := &Cluster{Endpoints: To("a:1", "b:1", "c:1"), Balancer: Maglev{}}
		w.ctx = WithKey(w.ctx, "user-1")
		first := w.visit(c)
		require.Equal(t, map[string]int{first: 10}, w.visits(c, 10))
		backends[first].down()
		second := w.visit(c)
		require.NotEqual(t, first, second)
		require.Equal(t, map[string]int{second: 10}, w.visits(c, 10))
		backends[second].down()
		require.Len(t, w.visits(c, 10), 1)
		backends[first].up()
		require.Equal(t, map[string]int{first: 10}, w.visits(c, 10))
	})
}

// load has the endpoints take what latency says, a request each millisecond, and
// returns which share of those begun in each second the first one got.
func load(t *testing.T, c *Cluster, seconds int, latency func(address string, second int) (time.Duration, Result)) []float64 {
	first := c.Stats().Endpoints[0].Address
	share := make([]float64, seconds)
	for s := range seconds {
		n := 0
		for range 1000 {
			l, err := c.Pick(t.Context())
			require.NoError(t, err)
			a := l.Endpoint().Address
			if a == first {
				n++
			}
			took, result := latency(a, s)
			time.AfterFunc(took, func() {
				l.Report(result, took)
				l.Done()
			})
			time.Sleep(time.Millisecond)
		}
		share[s] = float64(n) / 1000
	}
	time.Sleep(10 * time.Second)
	return share
}

// An endpoint that turns a hundred times as slow loses its traffic as soon as its
// first slow answer is there, and gets it back within Decay × ln 100.
func TestPeakEWMAShiftsAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := numbered(4)
		slow := set[0].Address
		const decay = 2 * time.Second
		c := &Cluster{Endpoints: set, Balancer: PeakEWMA{Decay: decay}}
		share := load(t, c, 25, func(a string, s int) (time.Duration, Result) {
			if a == slow && s >= 5 && s < 10 {
				return time.Second, Succeeded
			}
			return 10 * time.Millisecond, Succeeded
		})
		t.Logf("share of the one that is slow from 5 s to 10 s: %.3f", share)
		for s := range 5 {
			require.InDelta(t, 0.25, share[s], 0.12)
		}
		require.Less(t, share[5], 0.06, "before its first slow answer, those that wait are held against it")
		for s := 6; s < 10; s++ {
			require.Less(t, share[s], 0.01)
		}
		back := 11 + int(math.Ceil(decay.Seconds()*math.Log(100)))
		for s := back; s < len(share); s++ {
			require.Greater(t, share[s], 0.12, "second %d", s)
		}
	})
}

// One that fails at once looks fast, and must not be taken for it.
func TestPeakEWMAIsNotDrawnToFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := numbered(4)
		bad := set[0].Address
		c := &Cluster{Endpoints: set, Balancer: PeakEWMA{}}
		share := load(t, c, 10, func(a string, _ int) (time.Duration, Result) {
			if a == bad {
				return time.Microsecond, Failed
			}
			return 20 * time.Millisecond, Succeeded
		})
		require.Less(t, share[0], 0.05, "until something is known of the others")
		require.Equal(t, make([]float64, 9), share[1:])
		require.Greater(t, c.Stats().Endpoints[0].Latency, 30*time.Millisecond)
	})
}

// A newcomer gets one request until it has answered.
func TestPeakEWMAAndNewcomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cluster{Endpoints: numbered(2), Balancer: &PeakEWMA{}}
		l, err := c.Pick(t.Context())
		require.NoError(t, err)
		l.Report(Succeeded, time.Millisecond)
		known := l.Endpoint().Address
		l.Done()
		first, err := c.Pick(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, known, first.Endpoint().Address)
		for range 50 {
			require.Equal(t, known, take(t, c))
		}
	})
}
