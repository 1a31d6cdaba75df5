package logcollect

import (
	"errors"
	"path"
	"slices"
	"strings"
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
		r.tree = r.newTree()
		for _, s := range known {
			r.locate(s)
		}
	}
	store.files = nil
	store.reindex()
	for _, s := range known {
		r.sources[s.id] = s
	}
	for _, s := range known {
		if err := r.goOn(s); err != nil {
			whole = false
		}
	}
	known = slices.DeleteFunc(known, func(s *source) bool { return r.sources[s.id] != s })
	slices.SortStableFunc(known, r.inTurn(known))
	for _, s := range known {
		store.put(s.progress())
		if s.away {
			continue
		}
		r.link(s, r.newest[s.path])
		r.enqueue(s)
	}
	return whole
}

// inTurn orders the generations of each path. The one that has the path is the
// last, whatever the clocks say.
func (r *run) inTurn(known []*source) func(a, b *source) int {
	up := map[string]bool{}
	for _, s := range known {
		if _, told := up[s.home]; !told && !s.moved.IsZero() {
			files, _ := r.siblings(path.Dir(s.home)) // one that can't be listed tells nothing
			up[s.home] = countsUp(files, s.home)
		}
	}
	return func(a, b *source) int {
		if a.path != b.path {
			return strings.Compare(a.path, b.path)
		}
		if has := a.moved.IsZero(); has != b.moved.IsZero() {
			if has {
				return 1
			}
			return -1
		}
		return a.generation(up[a.home]).compare(b.generation(up[a.home]))
	}
}

// locate gives a source that was recalled its name: its path, or another one in
// the directory.
func (r *run) locate(s *source) {
	if s.name != "" {
		return
	}
	at, err := r.tree.find(s.path)
	switch {
	case err == nil && at.id == s.id:
		at.path = s.path
	case err == nil || missing(err):
		at, _, err = r.sibling(path.Dir(s.home), s.id)
	}
	if err != nil { // it may well be there
		at = sighting{name: s.home, path: s.path, size: s.size}
	}
	r.rename(s, at.path, at.name)
	s.mod, s.shared = at.mod, at.shared
	r.saw(s, at.size)
	if s.mod.Before(s.since) {
		s.since = s.mod // so that nothing waits for what has ended long ago
	}
}

// goOn opens a source that was located, and returns why it does not just go on
// where it was.
func (r *run) goOn(s *source) error {
	err := r.ensureOpen(s)
	for range 3 { // it may be renamed between being found and being opened
		if s.name == "" || !errors.Is(err, errMoved) || errors.Is(err, errOther) {
			break
		}
		r.rename(s, "", "")
		r.tree = r.newTree()
		r.locate(s)
		err = r.ensureOpen(s)
	}
	if s.name == "" || errors.Is(err, errOther) {
		return r.goneMeanwhile(s)
	}
	r.comeBack(s)
	switch {
	case errors.Is(err, errReplaced):
		r.restart(s)
	case errors.Is(err, errMoved): // the scan will tell
	case err != nil:
		s.err = err
		r.warnUnopened(s)
	}
	return err
}

// goneMeanwhile is goOn for a source that is not there any more, or whose identity
// was given to another file.
func (r *run) goneMeanwhile(s *source) error {
	given, had := s.name != "", s.moved.IsZero()
	r.unsee(s, s.next)
	r.rename(s, "", "")
	s.gone = time.Now()
	if s.away {
		if given {
			r.forget(s)
		}
		return nil // nothing has come of it since the checkpoint
	}
	found, err := r.unpack(s)
	if found {
		r.log.Info("logcollect: file was compressed, the rest of it is read from there", "file", s.path, "offset", s.next)
		r.leave(s)
		return nil
	}
	r.count.missing.Add(1)
	r.log.Warn("logcollect: file is not there any more", "file", s.path, "offset", s.next, "err", err)
	switch {
	case !given:
		r.leave(s)
	case had:
		r.count.rotations.Add(1)
		fallthrough
	default:
		r.forget(s)
	}
	return errMoved
}
