package httpproxy

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBucketsAreThoseOfPrometheus(t *testing.T) {
	check := func(d time.Duration) {
		at := bucketOf(d)
		if d <= ZeroThreshold {
			require.Negative(t, at)
			return
		}
		upper := math.Exp2(float64(at+firstBucket) / perOctave)
		lower := math.Exp2(float64(at+firstBucket-1) / perOctave)
		s := float64(d) / float64(time.Second)
		require.Greater(t, s, lower, d)
		if at < bucketCount-1 {
			require.LessOrEqual(t, s, upper, d)
		}
	}
	for i := range bucketCount + 20 {
		bound := time.Duration(math.Exp2(float64(i+firstBucket-10)/perOctave) * float64(time.Second))
		for d := -3; d <= 3; d++ {
			check(max(bound+time.Duration(d), 0))
		}
	}
	for range 20_000 {
		check(time.Duration(math.Exp2(rand.Float64() * 62)))
	}
	check(0)
	check(math.MaxInt64)
	require.Negative(t, bucketOf(-1))
	require.Equal(t, 20*perOctave, bucketOf(time.Second)+1, "a bound belongs to the bucket below it")
}

func TestHistogram(t *testing.T) {
	h := &histogram{}
	require.Equal(t, Histogram{}, h.snapshot())
	require.Zero(t, h.snapshot().Quantile(0.5))
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(math.Exp(rand.NormFloat64()) * float64(time.Millisecond))
		all = append(all, d)
		h.observe(d)
	}
	slices.Sort(all)
	s := h.snapshot()
	require.EqualValues(t, 10_000, s.Count)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[max(int(math.Ceil(q*10_000))-1, 0)]
		require.InEpsilon(t, want, s.Quantile(q), 0.1, q)
	}
	require.NotZero(t, s.Buckets[0])
	require.NotZero(t, s.Buckets[len(s.Buckets)-1])
	h.observe(0)
	h.observe(time.Hour)
	s = h.snapshot()
	require.EqualValues(t, 1, s.Zero)
	require.Equal(t, ZeroThreshold, s.Quantile(0))
	require.EqualValues(t, 10_002, s.Count)
	require.InEpsilon(t, 1024*time.Second, s.Quantile(2), 0.001)
}

func BenchmarkHistogram(b *testing.B) {
	h := &histogram{}
	d := time.Microsecond
	b.ReportAllocs()
	for b.Loop() {
		h.observe(d)
		d = d*9/8%time.Second + time.Microsecond
	}
}
