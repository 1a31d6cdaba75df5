package logcollect

import (
	"errors"
	"io/fs"
	"path"
	"time"
)

// scan looks for all files anew: those that are known by their identity, new ones
// by the patterns.
func (r *run) scan() {
	began := time.Now()
	r.round++
	r.listed = nil
	var fresh []sighting
	for _, at := range r.walk() {
		switch s := r.sources[at.id]; {
		case s == nil:
			fresh = append(fresh, at)
		case s.round != r.round:
			r.sight(s, at)
		}
	}
	for _, s := range r.sources {
		if s.round != r.round {
			r.seek(s)
		}
	}
	r.adoptAll(fresh)
	clear(r.named)
	for _, s := range r.sources {
		s.target = s.size
		if !r.drain.on || s.due == 0 {
			s.due = s.size
		}
		if s.name != "" {
			r.named[s.name] = s
		}
	}
	r.count.files.Store(int64(len(r.sources)))
	now := time.Now()
	r.scanAt = now.Add(r.c.pollInterval())
	if r.watch != nil && r.watch.add(r.dirs) {
		r.scanAt = now // what came before the watch was not heard
	}
	r.hintAt = now.Add(10 * now.Sub(began)) // so that a busy directory costs a tenth of a core at most
}

// sight notes where s is and whether it has changed.
func (r *run) sight(s *source, at sighting) {
	s.round = r.round
	r.rename(s, at.name)
	if at.size == s.size && at.mod.Equal(s.mod) && s.err == nil {
		return
	}
	s.mod = at.mod
	if at.size >= s.next {
		r.lose(s, at.size) // a part of the partial line
	}
	r.saw(s, at.size)
	r.touch(s)
}

// rename notes under what name s is now, empty for none.
func (r *run) rename(s *source, name string) {
	switch {
	case name == s.path:
		s.moved = time.Time{}
	case s.name == s.path:
		s.moved = time.Now()
	}
	if s.name != "" && name == "" {
		s.gone = time.Now()
	}
	s.name = name
}

// touch has s read, because it has changed.
func (r *run) touch(s *source) {
	if r.drain.late {
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
	} else {
		at, err = look(r.root, s.name)
	}
	if err != nil || at.id != s.id {
		r.scanAt = time.Now() // it has another name by now
		return true
	}
	r.sight(s, at)
	return s.queued
}

// seek looks for a known file that no pattern has found: a generation before, by
// its last name, else by its identity in the directory.
func (r *run) seek(s *source) {
	if s.name != "" {
		at, err := look(r.root, s.name)
		switch {
		case err == nil && at.id == s.id:
			r.sight(s, at)
			return
		case err != nil && !missing(err):
			r.warn(s.name, "can't be found", err) // it may well be there
			return
		}
	}
	if at, ok := r.siblings(path.Dir(s.path))[s.id]; ok {
		r.sight(s, at)
		return
	}
	r.rename(s, "")
	r.leave(s)
	if s.f != nil {
		r.changed(s)
	}
}

// siblings returns the regular files of a directory, as this scan found them.
func (r *run) siblings(dir string) map[fileID]sighting {
	if files, ok := r.listed[dir]; ok {
		return files
	}
	if r.listed == nil {
		r.listed = map[string]map[fileID]sighting{}
	}
	files := map[fileID]sighting{}
	r.listed[dir] = files
	entries, err := fs.ReadDir(r.root.FS(), dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.warn(dir, "can't be listed", err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if !e.Type().IsRegular() || r.owns(name) {
			continue
		}
		if at, err := look(r.root, name); err == nil && !r.moved(at) {
			files[at.id] = at
		}
	}
	return files
}
