package statsd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A value lies between the ends of its bucket, powers of two on the upper one.
func TestBucketOf(t *testing.T) {
	for scale := int32(minScale); scale <= maxScale; scale++ {
		for exponent := -1074; exponent <= 1023; exponent++ {
			i := bucketOf(math.Ldexp(1, exponent), scale)
			if scale >= 0 {
				require.Equal(t, int32(exponent<<scale)-1, i)
			} else {
				require.Equal(t, int32((exponent-1)>>-scale), i)
			}
		}
	}
	for range 10_000 {
		v, scale := math.Exp2(rand.Float64()*200-100), rand.Int32N(8)
		e := &exponential{scale: scale}
		i := bucketOf(v, scale)
		require.LessOrEqual(t, e.upper(i-1)*(1-1e-12), v)
		require.GreaterOrEqual(t, e.upper(i)*(1+1e-12), v)
	}
}

// However the values come, none is lost, the buckets stay few, and they are the
// same ones that the final scale would have had from the beginning.
func TestExponential(t *testing.T) {
	for range 200 {
		e, width := newExponential(), rand.Float64()*300
		type key struct {
			negative bool
			bucket   int32
		}
		var values []float64
		for range 500 {
			v := math.Exp2((rand.Float64() - 0.5) * width)
			if rand.IntN(3) == 0 {
				v = -v
			}
			if rand.IntN(50) == 0 {
				v = 0
			}
			values = append(values, v)
			e.add(v, 2)
		}
		require.Equal(t, 1000.0, e.weight())
		require.LessOrEqual(t, len(e.positive.weights), maxBuckets)
		require.LessOrEqual(t, len(e.negative.weights), maxBuckets)
		want := map[key]float64{}
		for _, v := range values {
			if v != 0 {
				want[key{v < 0, bucketOf(math.Abs(v), e.scale)}] += 2
			}
		}
		got := map[key]float64{}
		for negative, s := range map[bool]*span{false: &e.positive, true: &e.negative} {
			for i, w := range s.weights {
				if w > 0 {
					got[key{negative, s.offset + int32(i)}] = w
				}
			}
		}
		// A logarithm may fall to the other side of a boundary at another scale.
		for k, w := range want {
			near := got[k] + got[key{k.negative, k.bucket - 1}] + got[key{k.negative, k.bucket + 1}]
			require.GreaterOrEqual(t, near, w)
		}
	}
}

func TestExponentialExtremes(t *testing.T) {
	e := newExponential()
	for _, v := range []float64{math.MaxFloat64, math.SmallestNonzeroFloat64, -math.MaxFloat64, -math.SmallestNonzeroFloat64, 1, 0} {
		e.add(v, 1)
	}
	require.Equal(t, 6.0, e.weight())
	require.LessOrEqual(t, len(e.positive.weights)+len(e.negative.weights), 2*maxBuckets)
	w := &window{running: e, before: newExponential()}
	for _, q := range []float64{0, 0.5, 1} {
		require.False(t, math.IsNaN(w.quantile(q)) || math.IsInf(w.quantile(q), 0))
	}
}

func TestQuantiles(t *testing.T) {
	for _, factor := range []float64{2, 1000, 1e6} {
		w := newWindow()
		var values []float64
		for i := range 20_000 {
			v := math.Pow(factor, rand.Float64())
			if i%4 == 0 {
				v = -v
			}
			values = append(values, v)
			w.turn(int64(i / 10_000)) // both halves count
			w.running.add(v, 1)
		}
		slices.Sort(values)
		for _, q := range []float64{0.01, 0.1, 0.5, 0.9, 0.99, 0.999} {
			require.InEpsilon(t, values[int(q*float64(len(values)))], w.quantile(q), 0.06, "%v of %v", q, factor)
		}
		require.InEpsilon(t, values[0], w.quantile(0), 0.06)
		require.InEpsilon(t, values[len(values)-1], w.quantile(1), 0.06)
	}
}

func TestWindowTurns(t *testing.T) {
	w := newWindow()
	w.turn(10)
	w.running.add(1, 1)
	require.InEpsilon(t, 1, w.quantile(0.5), 0.01)
	w.turn(11)
	w.running.add(100, 3)
	require.InEpsilon(t, 100, w.quantile(0.5), 0.01)
	require.InEpsilon(t, 1, w.quantile(0.25), 0.05)
	w.turn(12)
	require.InEpsilon(t, 100, w.quantile(0), 0.01)
	w.turn(14)
	require.True(t, math.IsNaN(w.quantile(0.5)))
}

func TestSet(t *testing.T) {
	left := budget{left: 3}
	s := &set{}
	s.turn(5, &left)
	for _, v := range []uint64{1, 1, 2, 3} {
		require.True(t, s.add(v, &left))
	}
	require.False(t, s.add(4, &left))
	require.True(t, s.add(3, &left))
	require.Equal(t, 3, s.size()) // of the running one, as there is no other
	s.turn(6, &left)
	require.Equal(t, 3, left.left)
	require.Equal(t, 3, s.size())
	s.add(9, &left)
	require.Equal(t, 3, s.size())
	s.turn(7, &left)
	require.Equal(t, 1, s.size())
	s.turn(9, &left)
	require.Equal(t, 0, s.size())
}

// At a rate of next to nothing each sample is still one step.
func TestRateCostsNothing(t *testing.T) {
	for _, kind := range []Observation{Histogram, Exponential, Summary} {
		s := taking(t, &Source{Observer: Observer{Kind: kind}})
		before := time.Now()
		for range 1000 {
			s.takeNow("a:1:2|ms|@1e-9")
		}
		require.Less(t, time.Since(before), 5*time.Second)
		p := points(t, s, "a")[0]
		const want = uint64(2_000_000_000_000)
		switch kind {
		case Histogram:
			require.EqualValues(t, want, p.Buckets.Count)
		case Exponential:
			require.EqualValues(t, want, p.Exp.Count)
		default:
			require.EqualValues(t, want, p.Quantiles.Count)
			require.InEpsilon(t, 0.001, p.Quantiles.Quantiles[0].Value, 0.01)
		}
	}
}
