package logcollect

import (
	"path"
	"time"
)

// scan looks for all files anew: those that are known by their identity, new ones
// by the patterns.
func (r *run) scan() {
	began := time.Now()
	r.round++
	r.tree = r.newTree()
	r.trouble, r.scanAt = false, time.Time{}
	var fresh []sighting
	for _, at := range r.walk() {
		s := r.sources[at.id]
		if s != nil && s.round == r.round && at.path != s.path {
			continue // another name of it
		}
		if s == nil || !r.sight(s, at) {
			fresh = append(fresh, at)
		}
	}
	for _, s := range r.sources {
		if s.round != r.round {
			r.seek(s)
		}
	}
	r.adoptAll(fresh)
	r.dropAway(began)
	clear(r.named)
	files := int64(0)
	for _, s := range r.sources {
		s.target = s.size
		if !r.drain.on || s.due == 0 {
			s.due = s.size
		}
		if s.name != "" {
			r.named[s.name] = s
		}
		if !s.away {
			files++
		}
	}
	r.count.files.Store(files)
	r.plan(began)
}

// sight notes where s is and whether it has changed. It returns false if what is
// there is another file, which was given s's identity.
func (r *run) sight(s *source, at sighting) bool {
	same := at.mod.Equal(s.mod) && (at.size == s.size || s.isVoid(at.size))
	if s.f == nil && !(same && s.err == nil) && r.reused(s, at) {
		return false
	}
	s.round = r.round
	r.rename(s, at.path, at.name)
	r.comeBack(s)
	s.shared = at.shared
	if same && s.err == nil {
		return true
	}
	s.mod = at.mod
	if at.size >= s.next {
		r.lose(s, at.size) // a part of the partial line
	}
	r.saw(s, at.size)
	r.touch(s)
	return true
}

// rename notes what the patterns found s as and where it is now, each empty for
// not at all.
func (r *run) rename(s *source, path, name string) {
	switch {
	case path != "" && path == s.path:
		s.moved, s.home = time.Time{}, name
	case s.moved.IsZero():
		s.moved = time.Now()
	}
	if s.name != "" && name == "" {
		s.gone = time.Now()
	}
	s.name = name
}

// touch has s read, because it has changed.
func (r *run) touch(s *source) {
	if r.drain.late || s.away {
		return
	}
	r.drain.found = true
	s.since = time.Now()
	if s.after != nil || s.name == "" {
		r.leave(s)
	}
	r.enqueue(s)
}

// changed looks at s again, has it read if it has changed, and tells whether it
// has or may have.
func (r *run) changed(s *source) bool {
	var at sighting
	var err error
	if s.f != nil {
		at, err = lookAt(s.f, s.name)
		if s.id.dev == unpackedDev {
			at.id = s.id
		}
	} else {
		at, err = look(r.root, s.name)
	}
	if err != nil || at.id != s.id {
		r.rescan() // it has another name by now
		return true
	}
	if s.moved.IsZero() {
		at.path = s.path
	}
	return !r.sight(s, at) || s.queued
}

// seek looks for a known file that no pattern has found: a generation before, by
// its last name, else by its identity in the directory.
func (r *run) seek(s *source) {
	dir := path.Dir(s.home)
	if l := r.tree.lists[dir]; l == nil && s.name != "" || s.name != "" && path.Dir(s.name) != dir {
		at, err := look(r.root, s.name)
		switch {
		case err == nil && at.id == s.id:
			r.found(s, at)
			return
		case err != nil && !missing(err):
			r.warn(s.name, "can't be found", err) // it may well be there
			return
		}
	}
	at, ok, err := r.sibling(dir, s.id)
	switch {
	case ok:
		r.found(s, at)
		return
	case err != nil && !s.away:
		r.warn(dir, "can't be listed", err)
		return
	}
	r.rename(s, "", "")
	if s.away {
		return
	}
	r.leave(s)
	if s.f != nil {
		r.changed(s)
	}
}

// found is sight for a file that was not found by a pattern.
func (r *run) found(s *source, at sighting) {
	if at.name == s.home && s.path == s.home {
		at.path = s.path // it is the listing that missed it
	}
	r.tree.dirs[path.Dir(at.name)] = true
	r.sight(s, at)
}

// sibling returns the regular file with an identity in a directory. An error says
// that it may be there all the same.
func (r *run) sibling(dir string, id fileID) (at sighting, ok bool, err error) {
	files, err := r.siblings(dir)
	if at, ok = files[id]; !ok && err == nil && r.tree.relist(dir) {
		files, err = r.siblings(dir)
		at, ok = files[id]
	}
	return at, ok, err
}

// siblings returns the regular files of a directory, as this scan found them.
func (r *run) siblings(dir string) (map[fileID]sighting, error) {
	l := r.tree.list(dir)
	if l.err != nil {
		if missing(l.err) {
			return nil, nil
		}
		return nil, l.err
	}
	if l.files != nil {
		return l.files, nil
	}
	l.files = map[fileID]sighting{}
	for _, e := range l.entries {
		name := path.Join(dir, e.Name())
		if !e.Type().IsRegular() || r.owns(name) {
			continue
		}
		fi, err := e.Info()
		if err != nil {
			continue // gone since
		}
		if at, err := sight(r.root, name, fi); err == nil && !r.moved(at) {
			l.files[at.id] = at
		}
	}
	return l.files, nil
}
