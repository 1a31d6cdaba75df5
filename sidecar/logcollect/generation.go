package logcollect

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// adopt follows a new file as a generation of path, the one behind before, or the
// first one if that is nil.
func (r *run) adopt(at sighting, path string, before *source) {
	if r.sources[at.id] != nil {
		return // found under two names
	}
	s := &source{id: at.id, path: path, name: at.name, home: at.name}
	if before != nil && at.path != path {
		s.home, s.moved = before.home, time.Now()
	}
	if before != nil {
		r.count.rotations.Add(1)
		if !before.moved.IsZero() {
			before.moved = time.Now() // from now on too there may be others between them
		}
	}
	r.sources[s.id] = s
	r.link(s, before)
	if s.err = r.ensureOpen(s); s.err != nil { // at once, lest it go unseen
		r.warnUnopened(s)
	}
	r.added = append(r.added, s.progress())
	r.sight(s, at)
}

// link puts s behind another generation, and before the one that was there. It
// waits for its turn, unless that has passed.
func (r *run) link(s, before *source) {
	if before == nil {
		r.newest[s.path] = s
		return
	}
	after := before.after
	before.after, s.after = s, after
	switch {
	case after == nil:
		r.newest[s.path], s.before = s, before
		r.leave(before)
	case after.before == before:
		after.before, s.before = s, before
		fallthrough
	default:
		r.leave(s)
	}
}

// adoptAll follows the new files: first those that have taken the path of a known
// one, then the generations between these two, then the others.
func (r *run) adoptAll(fresh []sighting) {
	for _, at := range fresh {
		if before := r.newest[at.path]; before != nil {
			r.adopt(at, at.path, before)
		}
	}
	r.adoptBetween()
	for _, at := range fresh {
		r.adopt(at, at.path, r.newest[at.path])
	}
}

// adoptBetween follows the generations that came and went between two scans: where
// one has lost its path, those are the younger files whose names continue its name.
// It goes on looking for lingerTime, because a listing may miss files that are
// renamed meanwhile, and until the path is taken.
func (r *run) adoptBetween() {
	var moved []*source
	for _, s := range r.sources {
		if s.born != 0 && !s.away && !s.moved.IsZero() && (time.Since(s.moved) < lingerTime || r.newest[s.path] == s) {
			moved = append(moved, s)
		}
	}
	for _, s := range moved {
		files, _ := r.siblings(path.Dir(s.home)) // if it can't be listed, in the next scan
		up := countsUp(files, s.home)
		var between []generation
		for id, at := range files {
			if at.name != s.home && !continues(at.name, s.home) || at.mod.UnixNano() < s.born || r.isKnown(at) {
				continue
			}
			f, at, err := r.open(at.name)
			if err != nil {
				continue
			}
			g := generation{at, s.home, bornAt(f), up}
			f.Close()
			if at.id == id && g.after(s) && r.within(g, s) {
				between = append(between, g)
			}
		}
		slices.SortFunc(between, generation.compare)
		for _, g := range between {
			before := s
			for before.after != nil && !before.after.moved.IsZero() && g.after(before.after) {
				before = before.after
			}
			r.adopt(g.sighting, s.path, before)
		}
	}
}

// isKnown tells whether a file is followed, and not one that was given the
// identity of one that is gone.
func (r *run) isKnown(at sighting) bool {
	s := r.sources[at.id]
	if s != nil && s.name == "" && s.f == nil {
		return r.sight(s, at)
	}
	return s != nil
}

// within tells whether g may have come before the file that has the path of s now,
// if there is one and it has it in the same place.
func (r *run) within(g generation, s *source) bool {
	last := r.newest[s.path]
	return last == nil || !last.moved.IsZero() || last.home != s.home || !g.after(last)
}

// A generation is a file that may have had the name home.
type generation struct {
	sighting
	home string
	born int64
	up   bool // the names of its log count up
}

// compare orders the generations of one path. The clock of a filesystem may stand
// still for some milliseconds, so what was born at the same time is told apart by
// the last writing, then by the names, and then by the inode, which mostly counts
// up.
func (g generation) compare(o generation) int {
	return cmp.Or(cmp.Compare(g.born, o.born), g.mod.Compare(o.mod), compareNames(g.suffix(), o.suffix(), g.up), cmp.Compare(g.id.ino, o.id.ino))
}

func (g generation) after(s *source) bool {
	return g.compare(s.generation(g.up)) > 0
}

func (s *source) generation(up bool) generation {
	return generation{sighting{name: s.name, id: s.id, size: s.size, mod: s.mod}, s.home, s.born, up}
}

// suffix is what a rotation has added to the name.
func (g generation) suffix() string {
	rest, ok := strings.CutPrefix(g.name, g.home)
	if !ok {
		return ""
	}
	return rest
}

// continues tells whether name is one that a rotation gives to the file called
// path, not one that compression gives to a copy of it.
func continues(name, path string) bool {
	rest, ok := strings.CutPrefix(name, path)
	if !ok || rest == "" || !strings.ContainsRune(".-_", rune(rest[0])) {
		return false
	}
	return !isCompressed(rest) && !strings.HasSuffix(rest, ".tmp") && !strings.HasSuffix(rest, ".swp")
}
