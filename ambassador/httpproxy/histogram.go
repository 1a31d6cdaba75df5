package httpproxy

import (
	"math"
	"sync/atomic"
	"time"
)

// A Histogram is a snapshot of durations in exponential buckets, those of a native
// histogram of Prometheus with schema 3: each bound is 2^(1/8), or 9 %, above the
// one before it.
type Histogram struct {
	Count uint64        // how many durations
	Sum   time.Duration // of all of them

	// Zero is how many were at most ZeroThreshold.
	Zero uint64

	// Buckets count the rest: the one at i those above 2^((Offset+i-1)/8) seconds
	// and at most 2^((Offset+i)/8). What is above the last one is in it. Empty: there
	// are none.
	Buckets []uint64
	// Offset is the index of the first of Buckets.
	Offset int
}

// Schema is how fine a [Histogram] is, as Prometheus counts that.
const Schema = 3

// ZeroThreshold is what a [Histogram] no longer tells from nothing.
const ZeroThreshold = time.Second / (1 << 20) // the lower bound of the first bucket, which is above it by less than 1 ns

const (
	perOctave   = 1 << Schema
	lowestPower = -20 // 2^-20 s, about 1 µs
	highest     = 10  // 2^10 s, 17 minutes
	bucketCount = (highest - lowestPower) * perOctave
	firstBucket = lowestPower*perOctave + 1
)

// A histogram counts without a lock.
type histogram struct {
	sum     atomic.Int64
	zero    atomic.Uint64
	buckets [bucketCount]atomic.Uint64
}

// observe counts d.
func (h *histogram) observe(d time.Duration) {
	h.sum.Add(int64(d))
	if at := bucketOf(d); at < 0 {
		h.zero.Add(1)
	} else {
		h.buckets[at].Add(1)
	}
}

// fractions are the bounds within an octave, and cells where to begin to look for
// the first that is not less: none of the cells has two bounds in it.
var fractions, cells = func() (f [perOctave + 1]float64, c [cellCount]uint8) {
	for i := range f {
		f[i] = math.Exp2(float64(i) / perOctave)
	}
	for i := range c {
		for f[c[i]] < 1+float64(i)/cellCount {
			c[i]++
		}
	}
	return f, c
}()

const cellCount = 64

// bucketOf is the place of d in a histogram, negative if it is no more than
// nothing.
func bucketOf(d time.Duration) int {
	if d <= ZeroThreshold {
		return -1
	}
	bits := math.Float64bits(float64(d) / float64(time.Second))
	power := int(bits>>52) - 1023
	mantissa := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	within := int(cells[bits>>46&(cellCount-1)])
	if mantissa > fractions[within] {
		within++
	}
	return min(power*perOctave+within-firstBucket, bucketCount-1)
}

// snapshot leaves out buckets at both ends that are empty.
func (h *histogram) snapshot() Histogram {
	s := Histogram{Zero: h.zero.Load(), Sum: time.Duration(h.sum.Load())}
	s.Count = s.Zero
	var all [bucketCount]uint64
	from, to := bucketCount, 0
	for i := range all {
		if all[i] = h.buckets[i].Load(); all[i] > 0 {
			from, to = min(from, i), i+1
			s.Count += all[i]
		}
	}
	if from < to {
		s.Buckets = append(s.Buckets, all[from:to]...)
		s.Offset = from + firstBucket
	}
	return s
}

// Quantile returns the duration that a share q of all is at most, within the 9 %
// of a bucket, and 0 if there are none. q is held between 0 and 1.
func (h Histogram) Quantile(q float64) time.Duration {
	if h.Count == 0 {
		return 0
	}
	rank := math.Max(math.Min(q, 1), 0) * float64(h.Count)
	seen := float64(h.Zero)
	if rank <= seen && h.Zero > 0 {
		return ZeroThreshold
	}
	for i, n := range h.Buckets {
		if n > 0 && seen+float64(n) >= rank {
			power := float64(h.Offset+i-1) + (rank-seen)/float64(n)
			return time.Duration(math.Exp2(power/perOctave) * float64(time.Second))
		}
		seen += float64(n)
	}
	return time.Duration(math.Exp2(float64(h.Offset+len(h.Buckets)-1)/perOctave) * float64(time.Second))
}
