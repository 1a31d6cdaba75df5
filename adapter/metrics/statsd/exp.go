package statsd

import "math"

// maxBuckets is how many buckets an exponential histogram has on each side of 0,
// as in the SDKs of OpenTelemetry.
const maxBuckets = 160

// maxScale is where buckets are as narrow as a float64 can tell.
const maxScale, minScale = 20, -10

// An exponential is a histogram whose buckets grow by a factor of 2^(2^-scale),
// with weights. It begins with the narrowest ones, and joins two to one as often
// as it takes for all values to lie within maxBuckets.
type exponential struct {
	scale              int32
	zero               float64
	positive, negative span
}

// A span is a row of buckets.
type span struct {
	offset  int32
	weights []float64
}

func newExponential() *exponential { return &exponential{scale: maxScale} }

func (e *exponential) add(v, weight float64) {
	switch {
	case v == 0:
		e.zero += weight
	case v > 0:
		e.into(&e.positive, v, weight)
	default:
		e.into(&e.negative, -v, weight)
	}
}

func (e *exponential) into(s *span, v, weight float64) {
	i := bucketOf(v, e.scale)
	for !s.holds(i) && e.scale > minScale {
		e.scale--
		e.positive.join()
		e.negative.join()
		i = bucketOf(v, e.scale)
	}
	s.add(i, weight)
}

// holds says whether bucket i can be one of s without making it too long.
func (s *span) holds(i int32) bool {
	if len(s.weights) == 0 {
		return true
	}
	low, high := min(s.offset, i), max(s.offset+int32(len(s.weights))-1, i)
	return int64(high)-int64(low) < maxBuckets // over all of float64 it is more than an int32
}

func (s *span) add(i int32, weight float64) {
	if len(s.weights) == 0 {
		s.offset = i
	}
	if before := int(s.offset - i); before > 0 {
		grown := make([]float64, before+len(s.weights))
		copy(grown[before:], s.weights)
		s.offset, s.weights = i, grown
	}
	for int(i-s.offset) >= len(s.weights) {
		s.weights = append(s.weights, 0)
	}
	s.weights[i-s.offset] += weight
}

// join makes one bucket of each two. An even one and the odd one after it become
// the one of half the number, below zero as well.
func (s *span) join() {
	if len(s.weights) == 0 {
		return
	}
	first := s.offset >> 1
	last := (s.offset + int32(len(s.weights)) - 1) >> 1
	for n, w := range s.weights {
		to := (s.offset+int32(n))>>1 - first
		if int(to) != n {
			s.weights[n] = 0
			s.weights[to] += w
		}
	}
	s.offset, s.weights = first, s.weights[:last-first+1]
}

// bucketOf is the one that has v, which is above 0: bucket i is from above
// base^i up to and with base^(i+1).
func bucketOf(v float64, scale int32) int32 {
	fraction, exponent := math.Frexp(v)
	if fraction == 0.5 { // a power of 2 is the upper end of its bucket, which a logarithm may miss
		exponent -= 2
		if scale <= 0 {
			return int32(exponent >> -scale)
		}
		return int32((exponent+1)<<scale) - 1
	}
	if scale <= 0 {
		return int32((exponent - 1) >> -scale)
	}
	return int32(math.Ceil(math.Ldexp(math.Log2(fraction)+float64(exponent), int(scale)))) - 1
}

// upper is the upper end of bucket i.
func (e *exponential) upper(i int32) float64 {
	return math.Exp2(math.Ldexp(float64(i)+1, -int(e.scale)))
}

// middle is the value of bucket i whose relative distance to both ends is the same.
func (e *exponential) middle(i int32) float64 {
	high := e.upper(i)
	low := e.upper(i - 1)
	if math.IsInf(high, 1) {
		return low
	}
	return low / (low/2 + high/2) * high
}

func (e *exponential) reset() {
	e.scale, e.zero = maxScale, 0
	e.positive.weights, e.negative.weights = e.positive.weights[:0], e.negative.weights[:0]
}

func (e *exponential) weight() float64 {
	sum := e.zero
	for _, w := range e.positive.weights {
		sum += w
	}
	for _, w := range e.negative.weights {
		sum += w
	}
	return sum
}
