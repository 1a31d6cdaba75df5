package upstream

import (
	"cmp"
	"slices"
	"time"
)

// update takes a set that was discovered, or why there is none.
func (c *Cluster) update(set []Endpoint, err error) {
	var all []*target
	if err == nil {
		all, err = targets(set)
	}
	if err != nil {
		c.report(err)
		return
	}
	c.mu.Lock()
	again := c.wrong != ""
	c.wrong = ""
	first := !c.seen
	c.seen = true
	joined, left, changed := c.replaceLocked(all)
	if !first && joined+left+changed == 0 {
		c.mu.Unlock()
		if again {
			c.logger().Info("upstream: endpoints can be discovered again, and are the same", "endpoints", len(all))
		}
		return
	}
	c.counts.updates.Add(1)
	changes := c.rebuildLocked(time.Now())
	c.mu.Unlock()
	if _, fixed := c.Endpoints.(Static); !fixed {
		c.logger().Info("upstream: endpoints discovered", "endpoints", len(all), "joined", joined, "left", left)
	}
	c.tell(changes)
	select {
	case c.check <- struct{}{}:
	default:
	}
}

// report keeps what there is.
func (c *Cluster) report(err error) {
	c.counts.discoveryErrors.Add(1)
	c.mu.Lock()
	why, known := err.Error(), len(c.order)
	same := why == c.wrong
	c.wrong = why
	c.mu.Unlock()
	if !same {
		c.logger().Warn("upstream: endpoints cannot be discovered, those there are stay", "endpoints", known, "err", err)
	}
}

// replaceLocked makes the members those of a set.
func (c *Cluster) replaceLocked(all []*target) (joined, left, changed int) {
	late := len(c.members) > 0
	now := make(map[string]*endpoint, len(all))
	for _, t := range all {
		e := c.members[t.Address]
		switch {
		case e == nil:
			joined++
			e = c.returningLocked(t.Address)
			if e == nil {
				e = &endpoint{address: t.Address, hash: [2]uint64{hash(t.Address, 0), hash(t.Address, 1)}}
			}
			e.late = late
			t.gone = make(chan struct{})
		default:
			old := e.spec.Load()
			t.gone = old.gone
			if !old.equal(t.Endpoint) {
				changed++
			}
		}
		e.spec.Store(t)
		now[t.Address] = e
	}
	for address, e := range c.members {
		if now[address] == nil {
			left++
			close(e.spec.Load().gone)
			if e.active.Load() > 0 {
				c.leaving[e] = true
			}
			e.state = ""
		}
	}
	c.members = now
	c.order = make([]*endpoint, 0, len(now))
	for _, e := range now {
		c.order = append(c.order, e)
	}
	slices.SortFunc(c.order, func(a, b *endpoint) int { return cmp.Compare(a.address, b.address) })
	return joined, left, changed
}

// returningLocked is an endpoint that comes back while it is still leaving, with
// its connections.
func (c *Cluster) returningLocked(address string) *endpoint {
	for e := range c.leaving {
		if e.active.Load() == 0 {
			delete(c.leaving, e)
		} else if e.address == address {
			delete(c.leaving, e)
			return e
		}
	}
	return nil
}
