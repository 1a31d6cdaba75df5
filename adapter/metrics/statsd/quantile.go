package statsd

import "math"

// A window has the values of a summary's last while: those of the running half of
// it, and those of the half before, so that none is kept for longer than a whole.
type window struct {
	half            int64 // which one is running
	running, before *exponential
}

func newWindow() *window { return &window{running: newExponential(), before: newExponential()} }

// turn makes half the running one.
func (w *window) turn(half int64) {
	if half == w.half {
		return
	}
	if half == w.half+1 {
		w.running, w.before = w.before, w.running
	} else {
		w.before.reset()
	}
	w.running.reset()
	w.half = half
}

// quantile is the value that a share of q of the values do not exceed, off by not
// more than half of a bucket. NaN: there are no values.
func (w *window) quantile(q float64) float64 {
	total := w.running.weight() + w.before.weight()
	if total == 0 {
		return math.NaN()
	}
	wanted := q * total
	seen := 0.0
	value := math.NaN()
	w.each(func(v, weight float64) bool {
		if weight == 0 {
			return true
		}
		seen += weight
		value = v
		return seen < wanted
	})
	return value
}

// each yields the values of both halves, growing. Where their scales differ, the
// finer one is joined to the coarser first.
func (w *window) each(yield func(v, weight float64) bool) {
	for _, pair := range [][2]*exponential{{w.running, w.before}, {w.before, w.running}} {
		for pair[0].scale > pair[1].scale && pair[1].weight() > 0 {
			pair[0].scale--
			pair[0].positive.join()
			pair[0].negative.join()
		}
	}
	scaled := w.running
	if scaled.weight() == 0 {
		scaled = w.before
	}
	if !both(&w.running.negative, &w.before.negative, true, func(i int32, weight float64) bool { return yield(-scaled.middle(i), weight) }) {
		return
	}
	if !yield(0, w.running.zero+w.before.zero) {
		return
	}
	both(&w.running.positive, &w.before.positive, false, func(i int32, weight float64) bool { return yield(scaled.middle(i), weight) })
}

// both yields the buckets of a and b together, from the last one down if down.
func both(a, b *span, down bool, yield func(i int32, weight float64) bool) bool {
	if len(a.weights) == 0 {
		a, b = b, a
	}
	if len(a.weights) == 0 {
		return true
	}
	low, high := a.offset, a.offset+int32(len(a.weights))-1
	if n := int32(len(b.weights)); n > 0 {
		low, high = min(low, b.offset), max(high, b.offset+n-1)
	}
	for n := range high - low + 1 {
		i := low + n
		if down {
			i = high - n
		}
		if !yield(i, a.of(i)+b.of(i)) {
			return false
		}
	}
	return true
}

func (s *span) of(i int32) float64 {
	if n := i - s.offset; n >= 0 && int(n) < len(s.weights) {
		return s.weights[n]
	}
	return 0
}
