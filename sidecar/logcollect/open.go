package logcollect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
)

var (
	// errMoved leads to a scan, which finds out more.
	errMoved = errors.New("is not under its name any more")

	// errOther says that a file has the identity of one that is gone. It leads to a
	// scan too.
	errOther = fmt.Errorf("is another file: %w", errMoved)
)

// ensureOpen opens s if it is not, and closes another one if that makes too many.
// errReplaced says that s is to be begun again.
func (r *run) ensureOpen(s *source) error {
	if s.f != nil {
		return s.check()
	}
	if s.name == "" {
		return errors.New("has no name any more")
	}
	f, now, err := r.open(s.name)
	if err != nil && missing(err) {
		r.rescan()
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	if err != nil {
		return err
	}
	from := originOf(f)
	s.f = f
	err = s.check()
	switch {
	case now.id != s.id:
		err = errMoved
	case s.differs(from), errors.Is(err, errReplaced) && !s.known() && s.name != s.home:
		err = errOther
	}
	if errors.Is(err, errMoved) {
		f.Close()
		s.f = nil
		r.rescan()
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if from.known() {
		s.origin = from
	}
	delete(r.warned, s.name)
	delete(r.warned, s.path)
	r.opened = append(r.opened, s)
	r.count.open.Store(int64(len(r.opened)))
	return err
}

// reused tells whether the file at a sighting is another one, which was given the
// identity of s when s was gone. Then s is forgotten. Else it has s open.
func (r *run) reused(s *source, at sighting) bool {
	before := s.name
	s.name = at.name
	err := r.ensureOpen(s)
	s.name = before
	if !errors.Is(err, errOther) {
		return false
	}
	if at.path == s.path {
		r.count.rotations.Add(1)
	}
	r.forget(s)
	return true
}

// check has a source that was recalled and opened get its guard, or returns
// errReplaced.
func (s *source) check() error {
	if !s.unchecked {
		return nil
	}
	s.guard.n = int(min(guardSize, s.next))
	_, err := s.f.ReadAt(s.guard.get(), s.next-int64(s.guard.n))
	if err == io.EOF || err == nil && s.guard.sum() != s.sum {
		return errReplaced
	}
	s.unchecked = err != nil
	return err
}

// open opens a file, and closes another one if that makes too many.
func (r *run) open(name string) (f *os.File, at sighting, err error) {
	if len(r.opened) >= r.c.maxOpenFiles() {
		r.evict(1)
	}
	err = r.withDescriptor(func() error {
		f, at, err = open(r.root, name)
		return err
	})
	return f, at, err
}

// openDir opens a directory. What took its place is refused by what reads it, and
// does not block here.
func (r *run) openDir(name string) (f *os.File, err error) {
	err = r.withDescriptor(func() error {
		f, err = r.root.OpenFile(name, os.O_RDONLY|nonblock, 0)
		return err
	})
	return f, err
}

// withDescriptor does what needs a descriptor. If the process has none left, some files
// that are read are closed for it.
func (r *run) withDescriptor(do func() error) error {
	for {
		err := do()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return err
		}
		if !r.evict(1 + len(r.opened)/8) {
			return err
		}
	}
}

// evict closes n open files if it can without losing what was seen of one, and
// tells whether it closed any: what has been read needs it least, what has a name
// can be opened again.
func (r *run) evict(n int) bool {
	var victims []*source
	for _, want := range []struct{ read, named bool }{{true, true}, {true, false}, {false, true}} {
		for _, s := range r.opened {
			if len(victims) < n && want.read == (s.size == s.next) && want.named == (s.name != "") {
				victims = append(victims, s)
			}
		}
	}
	for _, s := range victims {
		r.shut(s)
	}
	return len(victims) > 0
}

func (r *run) shut(s *source) {
	if s.f == nil {
		return
	}
	s.f.Close()
	s.f = nil
	i := slices.Index(r.opened, s)
	r.opened = slices.Delete(r.opened, i, i+1)
	r.count.open.Store(int64(len(r.opened)))
}
