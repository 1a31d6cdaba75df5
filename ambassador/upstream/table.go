package upstream

import (
	"cmp"
	"slices"
	"time"
)

// A table is what Pick chooses from. It does not change, and a new one takes its
// place.
type table struct {
	members []*endpoint
	levels  []level   // by priority
	until   time.Time // when a new one is due; zero: when something happens
	count   map[State]int
	usable  int
	panics  bool // all are used, as too few are well
	ready   bool // one is well
	settled bool // all, or enough, is known that one waits for at first
}

// A level are the endpoints of one priority.
type level struct {
	priority int
	all      []candidate
	picker   picker
}

// pick goes from level to level, and returns nil if none has one.
func (t *table) pick(a *asked) *endpoint {
	for i := range t.levels {
		if e := t.levels[i].picker.pick(a); e != nil {
			return e
		}
	}
	return nil
}

// fresh returns the current table. The one that is due to be made anew is made
// by whoever finds that first; the others don't wait for it.
func (c *Cluster) fresh(now time.Time) *table {
	t := c.table.Load()
	if t == nil || t.until.IsZero() || now.Before(t.until) {
		return t
	}
	if !c.mu.TryLock() {
		return t
	}
	changes := c.rebuildLocked(now)
	c.mu.Unlock()
	c.tell(changes)
	return c.table.Load()
}

// refresh makes the table anew, because something has happened. Of many that come
// at once, as when all endpoints have their first check, one does it for those that
// wait meanwhile.
func (c *Cluster) refresh() {
	c.stale.Store(true)
	var changes []change
	c.mu.Lock()
	if c.stale.Load() {
		changes = c.rebuildLocked(time.Now())
	}
	c.mu.Unlock()
	c.tell(changes)
}

// slowSteps is in how many steps a slow start grows.
const slowSteps = 10

// rebuildLocked returns which endpoints' states have changed.
func (c *Cluster) rebuildLocked(now time.Time) (changes []change) {
	c.stale.Store(false) // before anything is looked at
	if !c.seen {
		return nil
	}
	t := &table{members: c.order, count: map[State]int{}}
	next := func(at time.Time) {
		if t.until.IsZero() || at.Before(t.until) {
			t.until = at
		}
	}
	known, passing := true, false
	for _, e := range c.order {
		e.mu.Lock()
		s, until := e.health.look(now, c)
		known, passing = known && e.health.check.known, passing || e.health.check.passing
		e.mu.Unlock()
		if !until.IsZero() {
			next(until)
		}
		if s != e.state {
			changes = append(changes, change{e: e, from: e.state, to: s})
			c.turnLocked(e, s, now)
		}
		t.count[s]++
	}
	well := t.count[Healthy] + t.count[HalfOpen]
	t.ready = well > 0 && (c.Check == nil || passing)
	t.settled = c.Check == nil || known || passing
	t.panics = c.PanicThreshold >= 0 && (t.settled || c.settled.Load()) && len(c.order) > well+t.count[Open] &&
		(well == 0 || float64(well) < c.PanicThreshold*float64(len(c.order)-t.count[Unchecked]))
	for _, e := range c.order {
		if e.state == Open || !t.panics && e.state != Healthy && e.state != HalfOpen {
			continue
		}
		weight, until := c.weightLocked(e, now)
		if !until.IsZero() {
			next(until)
		}
		t.add(e, weight)
		t.usable++
	}
	slices.SortFunc(t.levels, func(a, b level) int { return cmp.Compare(a.priority, b.priority) })
	b := c.balancer()
	for i := range t.levels {
		t.levels[i].picker = b.picker(c, t.levels[i].all)
	}
	if old := c.table.Load(); (old != nil && old.panics) != t.panics && (t.panics || len(c.order) > 0) {
		changes = append(changes, change{panics: t.panics, well: well, of: len(c.order)})
	}
	c.table.Store(t)
	if t.settled {
		c.settled.Store(true)
	}
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
	return changes
}

func (t *table) add(e *endpoint, weight float64) {
	priority := e.spec.Load().Priority
	i := slices.IndexFunc(t.levels, func(l level) bool { return l.priority == priority })
	if i < 0 {
		i = len(t.levels)
		t.levels = append(t.levels, level{priority: priority})
	}
	t.levels[i].all = append(t.levels[i].all, candidate{e, weight})
}

// turnLocked keeps since when e is well.
func (c *Cluster) turnLocked(e *endpoint, s State, now time.Time) {
	was := e.state
	e.state = s
	switch {
	case s != Healthy && s != HalfOpen:
	case was == "" && !e.late, was == Unchecked && !e.late:
		e.since = time.Time{} // one of the first, which all start alike
	case was != Healthy && was != HalfOpen:
		e.since = now
	}
}

// weightLocked is e's weight now, and until when.
func (c *Cluster) weightLocked(e *endpoint, now time.Time) (weight float64, until time.Time) {
	weight = e.spec.Load().weight()
	if c.SlowStart == 0 || e.since.IsZero() {
		return weight, time.Time{}
	}
	step := max(c.SlowStart/slowSteps, 1)
	at := max(now.Sub(e.since), 0) / step // now may be from before another goroutine's
	if at >= slowSteps {
		e.since = time.Time{}
		return weight, time.Time{}
	}
	return weight * float64(at+1) / slowSteps, e.since.Add((at + 1) * step)
}
