package upstream

import (
	"slices"
	"sync"
)

// RoundRobin gives each endpoint its turn, in proportion to the weights and
// spread as evenly as they allow: with weights 2 and 1, a b a and not a a b. The
// turns go on over changes of the set.
type RoundRobin struct{}

var _ Balancer = RoundRobin{}

func (RoundRobin) validate() error { return nil }

// turns are whose turn it is when, in a time that runs by 1/weight at each one's
// turn, so that the earliest is next (earliest deadline first).
type turns struct {
	mu  sync.Mutex // guards every endpoint.due as well
	now float64
}

func (RoundRobin) picker(c *Cluster, all []candidate) picker {
	r := &rounds{turns: &c.turns, heap: make([]turn, len(all))}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, one := range all {
		// The new ones begin like one that has just had its turn, and those that
		// were away for long have missed theirs.
		step := 1 / one.weight
		if one.due < r.now || one.due > r.now+step {
			one.due = r.now + step
		}
		r.heap[i] = turn{candidate: one, order: i}
	}
	slices.SortFunc(r.heap, func(a, b turn) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return r
}

// A turn is one endpoint's.
type turn struct {
	candidate
	order int // breaks ties, so that equal weights go round
}

func (t turn) before(other turn) bool {
	if t.due != other.due {
		return t.due < other.due
	}
	return t.order < other.order
}

type rounds struct {
	*turns
	heap []turn // the next one first
}

func (r *rounds) pick(a *asked) *endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := -1
	for i, t := range r.heap { // the first one, but for who comes again
		if (next < 0 || t.before(r.heap[next])) && !a.skips(t.endpoint) {
			next = i
			if i == 0 {
				break
			}
		}
	}
	if next < 0 {
		return nil
	}
	e := r.heap[next].endpoint
	r.now = max(r.now, e.due)
	e.due += 1 / r.heap[next].weight
	r.sift(next)
	return e
}

// sift moves down what has become later.
func (r *rounds) sift(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(r.heap); child++ {
			if r.heap[child].before(r.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		r.heap[i], r.heap[least] = r.heap[least], r.heap[i]
		i = least
	}
}
