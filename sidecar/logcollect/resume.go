package logcollect

import (
	"errors"
	"path"
	"slices"
	"time"
)

// resume finds the files of the checkpoint, also those that were renamed, and
// tells whether all are there with all that is to come from them.
func (r *run) resume() (whole bool) {
	whole = true
	store := r.d.store
	var known []*source
	for _, p := range store.files {
		if r.c.follows(p.path) {
			known = append(known, recall(p))
		} else {
			whole = false
			r.log.Info("logcollect: file is no longer to be followed", "file", p.path)
		}
	}
	for range 3 { // a listing may miss files that are renamed meanwhile
		r.listed = nil
		for _, s := range known {
			r.locate(s)
		}
	}
	store.files = nil
	store.reindex()
	for _, s := range known {
		r.sources[s.id] = s
		if err := r.goOn(s); err != nil {
			whole = false
		}
	}
	known = slices.DeleteFunc(known, func(s *source) bool { return r.sources[s.id] != s })
	slices.SortStableFunc(known, func(a, b *source) int { return a.generation().compare(b.generation()) })
	for _, s := range known {
		store.put(s.progress())
		r.link(s, r.newest[s.path])
		r.enqueue(s)
	}
	return whole
}

// locate gives a source that was recalled its name: its path, or another one in
// the directory.
func (r *run) locate(s *source) {
	if s.name != "" {
		return
	}
	at, err := look(r.root, s.path)
	if err == nil && at.id != s.id || err != nil && missing(err) {
		at = r.siblings(path.Dir(s.path))[s.id]
	} else if err != nil { // it may well be there
		at = sighting{name: s.path, size: s.size}
	}
	s.name, s.mod = at.name, at.mod
	r.saw(s, at.size)
	if s.mod.Before(s.since) {
		s.since = s.mod // so that nothing waits for what has ended long ago
	}
}

// goOn opens a source that was located, and returns why it does not just go on
// where it was.
func (r *run) goOn(s *source) error {
	var err error
	for range 4 { // it may be renamed between being found and being opened
		if s.name == "" {
			break
		}
		if err = r.ensureOpen(s); !errors.Is(err, errMoved) || r.sources[s.id] != s {
			break
		}
		s.name, r.listed = "", nil
		r.locate(s)
	}
	if s.name != s.path {
		s.moved = time.Now()
	}
	if s.name == "" {
		s.gone = time.Now()
		r.leave(s)
		r.log.Warn("logcollect: file is not there any more", "file", s.path, "offset", s.next)
		return errMoved
	}
	switch {
	case errors.Is(err, errReplaced):
		r.restart(s)
	case errors.Is(err, errMoved): // the scan will tell, or it is forgotten already
	case err != nil:
		s.err = err
		r.warnUnopened(s)
	}
	return err
}
