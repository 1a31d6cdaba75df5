package metrics

import (
	"cmp"
	"fmt"
	"slices"
)

// processes are those that a Process measures as one.
type processes struct {
	reader  reader
	search  search
	members []*member // in the order of their start: parents before their children
	start   int64     // since when they count, in Unix nanoseconds; 0: not known
	labels  processLabels
	scan    scan
	sum     sums

	// What members that are gone have used, and their parents' counters do not
	// have: settled, and not yet.
	gone, pending tally
}

// A search is what a Process looks for.
type search struct {
	pid      int    // 0: this process
	name     string // empty: it is the pid that counts
	children bool
}

func (s search) many() bool { return s.children || s.name != "" }

// sums are of all members.
type sums struct {
	processes, resident, virtual, threads, open int64
	hasIO, hasOpen                              bool // of each member it is known
}

// measure reads all members, and finds out before who they are.
func (g *processes) measure(s search) error {
	if g.search != s {
		g.reset()
		g.search = s
	}
	had := len(g.members) > 0
	err := g.once()
	if err != nil && had && len(g.members) == 0 { // it is another process now, or none
		err = g.once()
	}
	return err
}

func (g *processes) once() error {
	if g.search.name == "" && len(g.members) == 0 {
		root, err := g.join(g.search.pid)
		if err != nil {
			return err
		}
		g.begin(root)
	}
	if g.search.many() {
		if err := g.look(); err != nil {
			return err
		}
	}
	return g.readAll()
}

func (g *processes) readAll() error {
	var lost, waited tally // what members that are gone had, and what others got since by waiting for them
	var first error
	hasRoot := g.search.name == ""
	g.sum = sums{hasIO: true, hasOpen: true}
	kept := g.members[:0]
	for i, m := range g.members {
		root := hasRoot && i == 0
		before := *m
		err := g.read(m)
		if err == nil && root && m.exited() {
			first = fmt.Errorf("%s/stat: state %c: it has exited", m.dir, m.stat.state)
		}
		if root && isGone(err) {
			g.reset()
			return err
		}
		if isGone(err) {
			if m.close(); before.seen {
				lost.plus(before.total(g.search.children))
			}
			continue
		}
		if err != nil {
			first = cmp.Or(first, err)
		} else if m.seen = true; before.seen {
			waited.plus(m.waitedSince(&before, g.search.children))
		}
		kept = append(kept, m)
	}
	clear(g.members[len(kept):])
	g.members = kept
	g.settle(lost, waited)
	if first == nil && g.sum.processes == 0 {
		g.reset()
		first = fmt.Errorf("no process is called %q", g.search.name)
	}
	return first
}

// settle keeps the counters from falling when processes are gone. What a child
// has used is in its parent's counters once the parent waited for it, so only
// the rest is kept here. The parent is read first, so what it gets may come one
// collection later. A child that nobody saw and that was waited for can take
// the place of one that nobody waited for: then the sum is too low by that, but
// it does not fall.
func (g *processes) settle(lost, waited tally) {
	for i := range g.gone {
		paid := min(g.pending[i], waited[i])
		g.gone[i] += g.pending[i] - paid
		g.pending[i] = lost[i] - min(lost[i], waited[i]-paid)
	}
}

// counted are the counters of all.
func (g *processes) counted() (c tally) {
	c.plus(g.gone)
	c.plus(g.pending)
	for _, m := range g.members {
		c.plus(m.total(g.search.children))
	}
	return c
}

// begin makes the counters those of a first process.
func (g *processes) begin(m *member) {
	g.gone, g.pending, g.start = tally{}, tally{}, 0
	if booted, ok := g.reader.sys.booted(); ok {
		g.start = booted + m.stat.startTicks*(1e9/ticksPerSecond)
	}
}

// enter adds a member, and keeps the order.
func (g *processes) enter(m *member) {
	i, _ := slices.BinarySearchFunc(g.members, m, func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.stat.startTicks, b.stat.startTicks), cmp.Compare(a.stat.pid, b.stat.pid))
	})
	g.members = slices.Insert(g.members, i, m)
}

func (g *processes) reset() {
	for _, m := range g.members {
		m.close()
	}
	clear(g.members)
	g.members = g.members[:0]
}
