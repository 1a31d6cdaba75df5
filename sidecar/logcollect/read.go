package logcollect

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// enqueue has s read when its turn comes.
func (r *run) enqueue(s *source) {
	if !s.queued && s.before == nil {
		s.queued = true
		r.queue = append(r.queue, s)
	}
}

// fill reads the queued sources into the batch ahead, each up to the room there
// is, those that have more going to the end of the queue. ended tells that one has
// come to its end whose successor waits for that.
func (r *run) fill() (ended bool) {
	for len(r.queue) > 0 && r.ahead != nil {
		s := r.queue[0]
		more, full := false, false
		if r.sources[s.id] == s { // else forgotten
			more, full = r.read(s)
		}
		if full {
			return ended
		}
		r.queue = r.queue[1:]
		s.queued = false
		if more {
			r.enqueue(s)
		} else if !s.left.IsZero() {
			ended = true
		}
	}
	return ended
}

// read reads s into the batch ahead. more tells that it has not come to its end,
// full that the batch must be handed over first.
func (r *run) read(s *source) (more, full bool) {
	b := r.ahead
	if b.full() {
		return true, true
	}
	s.err = r.ensureOpen(s)
	if errors.Is(s.err, errReplaced) {
		r.restart(s)
		return true, false
	}
	if s.err != nil {
		r.warnUnopened(s)
		return false, false
	}
	at, n := b.space(s, r.framing.limit)
	data, eof, err := s.peek(b.buf, at, n)
	if errors.Is(err, errReplaced) {
		r.restart(s)
		return true, false
	}
	if s.err = err; err != nil {
		r.warn(s.name, "can't be read", err)
		return false, false
	}
	r.saw(s, s.next+int64(len(data)))
	return r.take(s, at, at+len(data), eof)
}

// restart begins s again, because it does not have what was read from it.
func (r *run) restart(s *source) {
	now := s.next
	if at, err := lookAt(s.f, s.name); err == nil {
		now = max(now, at.size)
	}
	r.log.Info("logcollect: file was cut or rewritten, begun again", "file", s.name, "read", s.next)
	r.count.truncations.Add(1)
	r.lose(s, now)
	r.unsee(s)
	s.next, s.size, s.guard, s.place, s.seen, s.long, s.unchecked = 0, 0, guard{}, lineStart, 0, false, false
	r.again = append(r.again, s)
}

// unsee takes back what was seen of s and is of another file.
func (r *run) unsee(s *source) {
	r.count.lag.Add(s.next - s.size)
	s.size = s.next
}

// lose counts what was seen of s beyond size, and will not be read.
func (r *run) lose(s *source, size int64) {
	if lost := s.size - size; lost > 0 {
		r.log.Warn("logcollect: went before it could be read", "file", s.path, "bytes", lost)
		r.count.lost.Add(lost)
		r.count.lag.Add(-lost)
		s.size = size
	}
}

// saw notes the size of s. It never shrinks here: that is found when reading.
func (r *run) saw(s *source, size int64) {
	if size > s.size {
		r.count.lag.Add(size - s.size)
		s.size = size
		s.since = time.Now()
	}
}

// errMoved leads to a scan, which finds out more.
var errMoved = errors.New("is not under its name any more")

// ensureOpen opens s if it is not, and closes another one if that makes too many.
// errReplaced says that s is to be begun again.
func (r *run) ensureOpen(s *source) error {
	if s.f != nil {
		return s.check()
	}
	if s.name == "" {
		return errors.New("has no name any more")
	}
	r.evict()
	f, now, err := open(r.root, s.name)
	if err != nil && missing(err) {
		r.scanAt = time.Now()
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	if err != nil {
		return err
	}
	born := bornAt(f)
	if now.id != s.id || s.born != 0 && born != 0 && born != s.born {
		f.Close()
		if now.id == s.id { // given to a new file, which the scan will find
			r.count.rotations.Add(1)
			r.unsee(s)
			r.forget(s)
		}
		r.scanAt = time.Now()
		return fmt.Errorf("%s: %w", s.name, errMoved)
	}
	s.f, s.born = f, born
	delete(r.warned, s.name)
	r.open = append(r.open, s)
	r.count.open.Store(int64(len(r.open)))
	return s.check()
}

// evict makes room for one more open file, if it can without losing one: what has
// a name can be opened again, what has been read needs it less.
func (r *run) evict() {
	if len(r.open) < r.c.maxOpenFiles() {
		return
	}
	victim := -1
	for i, s := range r.open {
		if s.name == "" {
			continue
		}
		if s.size == s.next {
			victim = i
			break
		}
		if victim < 0 {
			victim = i
		}
	}
	if victim >= 0 {
		r.shut(r.open[victim])
	}
}

func (r *run) shut(s *source) {
	if s.f == nil {
		return
	}
	s.f.Close()
	s.f = nil
	r.open = slices.DeleteFunc(r.open, func(o *source) bool { return o == s })
	r.count.open.Store(int64(len(r.open)))
}
