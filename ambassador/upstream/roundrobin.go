package upstream

import "sync"

// RoundRobin gives each endpoint its turns in proportion to the weights, and as
// evenly as they allow: none is ever a whole turn ahead of its share, or behind it.
// That goes on over changes of the set.
type RoundRobin struct{}

var _ Balancer = RoundRobin{}

func (RoundRobin) validate() error { return nil }

// turns is a time for each priority that runs by 1/sum of the weights with each
// turn. An endpoint's next turn has to begin no earlier than when it has had its
// share, and to end 1/weight later; of those that may begin the one that ends
// first is next (the rule of WF²Q, Bennett and Zhang 1996).
type turns struct {
	mu  sync.Mutex // guards every endpoint.begins as well
	now map[int]*float64
}

func (RoundRobin) picker(c *Cluster, all []candidate) picker {
	t := &c.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == nil {
		t.now = map[int]*float64{}
	}
	priority := all[0].spec.Load().Priority
	if t.now[priority] == nil {
		t.now[priority] = new(float64)
	}
	n := len(all)
	r := &rounds{turns: t, now: t.now[priority], open: make(pile, 0, n), later: make(pile, 0, n)}
	next := make([]turn, n)
	for i, one := range all {
		r.total += one.weight
		step := 1 / one.weight
		if !one.turned {
			one.turned, one.begins = true, *r.now
		}
		one.begins = min(max(one.begins, *r.now-step), *r.now+step) // it may have been away
		next[i] = turn{candidate: one, step: step, order: i}
		r.later.push(&next[i], begin)
	}
	return r
}

// A turn is the next one of an endpoint.
type turn struct {
	candidate
	step  float64
	order int // breaks ties, so that equal weights go round
}

func begin(a, b *turn) bool {
	if a.begins != b.begins {
		return a.begins < b.begins
	}
	return a.order < b.order
}

func end(a, b *turn) bool {
	if x, y := a.begins+a.step, b.begins+b.step; x != y {
		return x < y
	}
	return a.order < b.order
}

type rounds struct {
	*turns
	now   *float64
	total float64
	open  pile // may begin; the first one to end is first
	later pile // may not yet; the first one to begin is first
}

func (r *rounds) pick(a *asked) *endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.later) > 0 && (len(r.open) == 0 || r.later[0].begins <= *r.now) {
		r.open.push(r.later.pop(0, begin), end)
	}
	var next *turn
	if len(a.skip) == 0 {
		next = r.open.pop(0, end)
	} else if next = r.another(a); next == nil {
		return nil
	}
	next.begins += next.step
	r.later.push(next, begin)
	*r.now += 1 / r.total
	return next.endpoint
}

// another looks at all, for who comes a second time.
func (r *rounds) another(a *asked) *turn {
	for _, p := range []struct {
		pile *pile
		less func(a, b *turn) bool
	}{{&r.open, end}, {&r.later, begin}} {
		best := -1
		for i, t := range *p.pile {
			if !a.skips(t.endpoint) && (best < 0 || p.less(t, (*p.pile)[best])) {
				best = i
			}
		}
		if best >= 0 {
			return p.pile.pop(best, p.less)
		}
	}
	return nil
}

// A pile is a heap.
type pile []*turn

func (p *pile) push(t *turn, less func(a, b *turn) bool) {
	*p = append(*p, t)
	p.up(len(*p)-1, less)
}

func (p *pile) pop(i int, less func(a, b *turn) bool) *turn {
	h := *p
	last := len(h) - 1
	t := h[i]
	h[i] = h[last]
	*p = h[:last]
	if i < last {
		p.down(i, less)
		p.up(i, less)
	}
	return t
}

func (p *pile) up(i int, less func(a, b *turn) bool) {
	for h := *p; i > 0 && less(h[i], h[(i-1)/2]); i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
}

func (p *pile) down(i int, less func(a, b *turn) bool) {
	for h := *p; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if less(h[child], h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
