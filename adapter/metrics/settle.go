package metrics

import (
	"slices"
	"strings"
	"sync"
)

// A settler makes one Batch of several that are arranged, without a change to
// them. Its memory is kept from one use to the next.
type settler struct {
	names  names
	all    []*Family
	out    Batch
	points []*[]Point // of families that several have
	used   int
	lines  map[string]uint // samples' names of distributions, and in which use they were seen
	use    uint
	key    []byte
	found  conflicts
}

// conflicts are what several sources say of one name.
type conflicts struct {
	points     int // left out: another has their series, or gives their name another kind
	mismatches int // families whose unit or help is that of another source
}

var settlers = sync.Pool{New: func() any { return &settler{lines: map[string]uint{}} }}

// settle returns a batch that is valid until release. What comes first wins,
// because one series twice, or a name with two types, makes Prometheus drop the
// whole scrape (node_exporter#1885, client_golang#1543).
func (s *settler) settle(resource *Labels, batches []*Batch) (*Batch, conflicts) {
	s.found = conflicts{}
	s.out.Reset()
	s.out.Resource = resource
	for _, b := range batches {
		s.all = append(s.all, b.families...)
		if s.out.Resource == nil {
			s.out.Resource = b.Resource
		}
	}
	byName := func(f, g *Family) int { return strings.Compare(s.names.of(f.Desc).text, s.names.of(g.Desc).text) }
	if !slices.IsSortedFunc(s.all, byName) {
		slices.SortStableFunc(s.all, byName)
	}
	s.reserve()
	for i := 0; i < len(s.all); {
		next := i + 1
		for next < len(s.all) && byName(s.all[i], s.all[next]) == 0 {
			next++
		}
		s.family(s.all[i:next])
		i = next
	}
	return &s.out, s.found
}

// reserve notes the names of samples that a distribution has beside its own.
func (s *settler) reserve() {
	s.use++
	if len(s.lines) > maxNames {
		clear(s.lines)
	}
	for _, f := range s.all {
		switch f.Kind {
		case Histogram, ExpHistogram, GaugeHistogram, Summary:
			base := s.names.of(f.Desc).base
			for _, suffix := range [...]string{"_sum", "_count", "_bucket"} {
				s.key = append(append(s.key[:0], base...), suffix...)
				if s.lines[string(s.key)] != s.use {
					s.lines[string(s.key)] = s.use
				}
			}
		}
	}
}

// family settles the families of one name.
func (s *settler) family(same []*Family) {
	first := same[0]
	if len(s.lines) > 0 && s.lines[s.names.of(first.Desc).text] == s.use {
		for _, f := range same {
			s.found.points += len(f.Points)
		}
		return
	}
	merged := s.out.Family(first.Desc)
	merged.batch = nil
	if len(same) == 1 {
		merged.Points = first.Points
		return
	}
	points := s.room()
	for _, f := range same {
		if f.Kind != first.Kind || f.Delta != first.Delta {
			s.found.points += len(f.Points)
			continue
		}
		if f.Help != first.Help || f.Unit != first.Unit {
			s.found.mismatches++
		}
		*points = append(*points, f.Points...)
	}
	slices.SortStableFunc(*points, comparePoints)
	all := len(*points)
	*points = slices.CompactFunc(*points, samePoint)
	s.found.points += all - len(*points)
	merged.Points = *points
}

func (s *settler) room() *[]Point {
	if s.used == len(s.points) {
		s.points = append(s.points, new([]Point))
	}
	s.used++
	p := s.points[s.used-1]
	*p = (*p)[:0]
	return p
}

// release forgets the points, which are the sources'.
func (s *settler) release() {
	for _, f := range s.out.families {
		f.Points = nil
	}
	for _, p := range s.points[:s.used] {
		clear(*p)
	}
	clear(s.all)
	s.all, s.used = s.all[:0], 0
	s.out.Reset()
	settlers.Put(s)
}
