package logcollect

import (
	"slices"
	"time"
)

const (
	// lingerTime is how long a file that was removed is held open after it last
	// grew.
	lingerTime = 5 * time.Second

	// strayTime is how long a file is that still exists, but not where it is looked
	// for: moved to another directory, or with its own.
	strayTime = time.Minute

	// awayTime is how long a file that was not found is remembered, and maxAway how
	// many of them are.
	awayTime = time.Hour
	maxAway  = 1000
)

// removed tells whether the open file s has no name at all any more, so that it
// can't come back.
func (s *source) removed() bool {
	fi, err := s.f.Stat()
	return err == nil && links(fi) == 0
}

// goAway closes s, which is not to be found, and remembers it in case that it comes
// back with its directory. Nothing of it may be on its way to the sink.
func (r *run) goAway(s *source) {
	r.release(s)
	r.shut(s)
	if r.newest[s.path] == s {
		delete(r.newest, s.path)
	}
	r.lose(s, s.next)
	s.away, s.gone, s.err = true, time.Now(), nil
	s.before, s.after = nil, nil
	r.added = append(r.added, s.progress())
}

// comeBack follows s again if it was away. That is in the checkpoint before any
// line of it is delivered, because a sink may only be cut back when all files are
// there that were.
func (r *run) comeBack(s *source) {
	if !s.away {
		return
	}
	s.away = false
	r.log.Info("logcollect: file is back", "file", s.path, "offset", s.next)
	if s.moved.IsZero() && r.newest[s.path] == nil {
		r.newest[s.path] = s
	}
	r.added = append(r.added, s.progress())
}

// dropAway forgets those that have been away for long, and of too many those that
// have been for longest.
func (r *run) dropAway(now time.Time) {
	var away []*source
	for _, s := range r.sources {
		if s.away {
			away = append(away, s)
		}
	}
	slices.SortFunc(away, func(a, b *source) int { return b.gone.Compare(a.gone) })
	for i, s := range away {
		if i >= maxAway || now.Sub(s.gone) >= awayTime {
			r.forget(s)
		}
	}
}
