package statsd

import (
	"math"
	"slices"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A series is one name with one set of labels. Which of the pointers is set tells
// its family.
type series struct {
	labels *metrics.Labels
	start  int64 // when it was made, in Unix nanoseconds
	seen   int64 // when a sample came last
	ttl    int64 // 0: it never ends
	dead   bool  // it has ended, and whoever still points to it looks again

	whole int64   // of a counter: what was counted in whole numbers,
	value float64 // and the rest of it; or the value of a gauge
	stamp int64   // the timestamp that came with a gauge's value, in seconds; 0: none

	sum     float64 // of what was observed
	bounds  []float64
	weights []float64 // one more than bounds
	exp     *exponential
	window  *window
	count   float64 // of what a summary has observed
	set     *set
}

// exact is up to where a float64 holds every whole number.
const exact = 1 << 53

// add adds v, which is not below 0, to a counter. It stays a whole number for
// as long as all that is added is one.
func (s *series) add(v float64) {
	if n := int64(v); v < exact && float64(n) == v && s.whole <= math.MaxInt64-n {
		s.whole += n
		return
	}
	s.value = finite(s.value + v)
}

// finite keeps a sum of finite values one.
func finite(v float64) float64 { return max(-math.MaxFloat64, min(v, math.MaxFloat64)) }

func (s *series) total() metrics.Value {
	if s.value == 0 {
		return metrics.Int(s.whole)
	}
	return metrics.Float(float64(s.whole) + s.value)
}

// observe counts v as often as weight says.
func (s *series) observe(v, weight float64) {
	s.sum = finite(s.sum + v*weight)
	switch {
	case s.bounds != nil:
		i, _ := slices.BinarySearch(s.bounds, v)
		s.weights[i] += weight
	case s.exp != nil:
		s.exp.add(v, weight)
	default:
		s.count += weight
		s.window.running.add(v, weight)
	}
}

// rounded is a weight as a count. The sum of many stays below 2^64.
func rounded(weight float64) uint64 {
	return uint64(math.RoundToEven(min(weight, exact)))
}
