package prometheus

import (
	"bytes"
	"slices"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A series is what the head of a sample says, remembered from one reading to the
// next: what is made of it once is found again by its text.
type series struct {
	key  string // the head as it stands
	name string
	all  []metrics.Label
	next *series // the one that came behind it the last time
	seen uint64  // the reading it was in last

	// What it is, as long as its family is the same one of the same kind.
	of     *family
	kind   metrics.Kind
	epoch  uint64
	role   role
	labels *metrics.Labels // without le, quantile
	bound  float64         // le or quantile
	group  *group
}

// A group is the labels that the samples of one point have in common.
type group struct {
	labels *metrics.Labels
	family uint64 // the family it was in last, by its number
}

// A series that was looked up is at hand by its text, and so are the labels.
type interned struct {
	grammar grammar
	more    *metrics.Labels
	series  map[string]*series
	groups  map[string]*group
	first   series // before the first of a reading
	last    *series
	current int // series of this reading
}

func (n *interned) begin(g grammar, more *metrics.Labels) {
	if n.series == nil || n.grammar != g || n.more != more {
		n.series, n.groups = map[string]*series{}, map[string]*group{}
		n.first = series{}
	}
	n.grammar, n.more, n.last, n.current = g, more, &n.first, 0
}

// sweep forgets what was not in reading, if that has become much.
func (n *interned) sweep(reading uint64) {
	if len(n.series) < 2*n.current+1000 {
		return
	}
	used := map[*group]bool{}
	for key, s := range n.series {
		if s.seen != reading {
			delete(n.series, key)
			continue
		}
		used[s.group] = true
		if s.next != nil && s.next.seen != reading {
			s.next = nil
		}
	}
	for key, g := range n.groups {
		if !used[g] {
			delete(n.groups, key)
		}
	}
	n.first.next = nil
}

// find returns the series of a line, and where its head ends. Mostly it is the
// one that came next the last time.
func (n *interned) find(line []byte, reading uint64) (*series, int, error) {
	s, end := n.last.next, 0
	if s != nil && s.begins(line) {
		end = len(s.key)
	} else {
		end = bytes.LastIndexByte(line, '}') + 1
		if end == 0 {
			end = nameLength(line, true)
		}
		if s = n.series[string(line[:end])]; s == nil {
			var err error
			if s, end, err = n.make(line); err != nil {
				return nil, 0, err
			}
		}
		n.last.next = s
	}
	n.last = s
	if s.seen != reading {
		s.seen = reading
		n.current++
	}
	return s, end, nil
}

// begins tells whether line begins with s and not with a longer one.
func (s *series) begins(line []byte) bool {
	n := len(s.key)
	if len(line) <= n || string(line[:n]) != s.key {
		return false
	}
	return s.key[n-1] == '}' || line[n] == ' ' && (len(line) == n+1 || line[n+1] != '{' && line[n+1] != ' ' && line[n+1] != '\t')
}

func (n *interned) make(line []byte) (*series, int, error) {
	h, err := n.grammar.parse(line)
	if err != nil {
		return nil, 0, err
	}
	if s := n.series[string(line[:h.end])]; s != nil {
		return s, h.end, nil
	}
	s := &series{key: string(line[:h.end]), name: h.name, all: h.labels}
	n.series[s.key] = s
	return s, h.end, nil
}

// group returns the one group with these labels, without those named but.
func (n *interned) groupOf(s *series, but string) *group {
	kept := s.all
	for i, l := range s.all {
		if l.Name == but {
			kept = slices.Concat(s.all[:i], s.all[i+1:])
			break
		}
	}
	labels := n.with(kept)
	g := n.groups[labels.Text()]
	if g == nil {
		g = &group{labels: labels}
		n.groups[labels.Text()] = g
	}
	return g
}

// with makes labels, with those that are added to all series.
func (n *interned) with(own []metrics.Label) *metrics.Labels {
	if n.more == nil {
		return metrics.LabelsOf(own)
	}
	return metrics.LabelsOf(append(slices.Clone(n.more.All()), own...)) // of two the last one holds
}

func (s *series) value(name string) (string, bool) {
	for _, l := range s.all {
		if l.Name == name {
			return l.Value, true
		}
	}
	return "", false
}
