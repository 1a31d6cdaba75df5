package upstream

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Balancer chooses one of the endpoints that are well, each time anew. It is
// one of [RoundRobin], [LeastRequests], [PeakEWMA] and [Maglev].
type Balancer interface {
	// picker is made for a set of endpoints that does not change.
	picker(c *Cluster, all []candidate) picker
	validate() error
}

// A picker chooses one of its endpoints that is not in skip, or nil if there is
// none.
type picker interface {
	pick(a *asked) *endpoint
}

// A candidate is an endpoint that may be chosen, with what its weight is now.
type candidate struct {
	*endpoint
	weight float64
}

// asked is what a choice depends on.
type asked struct {
	now    time.Time
	key    string
	hasKey bool
	skip   []*endpoint // tried already, or full
}

// askeds keeps a choice from costing more than its lease.
var askeds = sync.Pool{New: func() any { return &asked{skip: make([]*endpoint, 0, 8)} }}

func (a *asked) free() {
	clear(a.skip)
	a.key, a.skip = "", a.skip[:0]
	askeds.Put(a)
}

func (a *asked) skips(e *endpoint) bool {
	for _, s := range a.skip {
		if s == e {
			return true
		}
	}
	return false
}

// A sampler draws in proportion to weights, in constant time: Walker's alias
// method, as Vose builds it.
type sampler struct {
	share []float64 // of the slot that is its own; nil: all weights are the same
	alias []int32
	n     int
}

func newSampler(all []candidate) sampler {
	s := sampler{n: len(all)}
	total, same := 0.0, true
	for _, c := range all {
		total += c.weight
		same = same && c.weight == all[0].weight
	}
	if same {
		return s
	}
	s.share, s.alias = make([]float64, s.n), make([]int32, s.n)
	var small, large []int32
	for i, c := range all {
		s.share[i], s.alias[i] = c.weight*float64(s.n)/total, int32(i)
		if s.share[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		l, g := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		s.alias[l] = g
		if s.share[g] -= 1 - s.share[l]; s.share[g] < 1 {
			small, large = append(small, g), large[:len(large)-1]
		}
	}
	for _, i := range append(small, large...) { // what rounding has left
		s.share[i] = 1
	}
	return s
}

func (s *sampler) draw() int {
	i := rand.IntN(s.n)
	if s.share != nil && rand.Float64() >= s.share[i] {
		return int(s.alias[i])
	}
	return i
}

// A twoChoices takes the better one of two that are drawn, which keeps the
// largest load far below that of one draw (Mitzenmacher 2001) without a look at
// all of them.
type twoChoices struct {
	all  []candidate
	mean float64 // of the weights
	sampler
	cost func(e *endpoint, relative float64, now time.Time) float64
}

func newTwoChoices(all []candidate, cost func(*endpoint, float64, time.Time) float64) *twoChoices {
	t := &twoChoices{all: all, sampler: newSampler(all), cost: cost}
	for _, c := range all {
		t.mean += c.weight / float64(len(all))
	}
	return t
}

func (t *twoChoices) pick(a *asked) *endpoint {
	n := len(t.all)
	if n == 0 {
		return nil
	}
	if len(a.skip) > 0 {
		return t.best(a)
	}
	first := t.draw()
	if n == 1 {
		return t.all[first].endpoint
	}
	second := t.draw()
	for range 3 { // an even choice of the others is what is left of skewed weights
		if second != first {
			break
		}
		second = t.draw()
	}
	if second == first {
		second = (first + 1 + rand.IntN(n-1)) % n
	}
	if t.costOf(second, a.now) < t.costOf(first, a.now) {
		first = second
	}
	return t.all[first].endpoint
}

// best looks at all, from anywhere on: it is for the few that come a second time.
func (t *twoChoices) best(a *asked) (best *endpoint) {
	start, least := rand.IntN(len(t.all)), 0.0
	for i := range t.all {
		j := (start + i) % len(t.all)
		if a.skips(t.all[j].endpoint) {
			continue
		}
		if cost := t.costOf(j, a.now); best == nil || cost < least {
			best, least = t.all[j].endpoint, cost
		}
	}
	return best
}

func (t *twoChoices) costOf(i int, now time.Time) float64 {
	return t.cost(t.all[i].endpoint, t.all[i].weight/t.mean, now)
}

// LeastRequests draws two endpoints by their weights and takes the one with fewer
// leases for its weight.
type LeastRequests struct{}

var _ Balancer = LeastRequests{}

func (LeastRequests) validate() error { return nil }

func (LeastRequests) picker(_ *Cluster, all []candidate) picker {
	return newTwoChoices(all, func(e *endpoint, relative float64, _ time.Time) float64 {
		return float64(e.active.Load()) / relative
	})
}
