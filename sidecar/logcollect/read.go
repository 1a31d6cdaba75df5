package logcollect

import (
	"errors"
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
	at, room := b.space(s, r.framing.limit)
	data, eof, err := s.peek(b.buf, at, room)
	if errors.Is(err, errReplaced) {
		r.restart(s)
		return true, false
	}
	if s.err = err; err != nil {
		r.warn(s.name, "can't be read", err)
		return false, false
	}
	r.saw(s, s.next+int64(len(data)))
	n, changed := s.unwritten(data)
	if changed {
		return true, false
	}
	if n > 0 {
		data, eof = data[:len(data)-n], true
		s.void = s.size
		r.unsee(s, s.next+int64(len(data)))
	}
	if s.seen == 0 && s.place == lineStart && r.nextLine(s, data) {
		return true, false
	}
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
	lost := s.size
	r.lose(s, now)
	lost -= s.size
	r.unsee(s, s.next)
	s.cut, s.inHole, s.void = s.next+lost, false, 0
	s.next, s.size, s.due, s.guard, s.place, s.seen, s.long, s.unchecked = 0, 0, 0, guard{}, lineStart, 0, false, false
	r.again = append(r.again, s)
}

// unsee takes back what was seen of s beyond size, and is of another file or not
// written yet.
func (r *run) unsee(s *source, size int64) {
	r.count.lag.Add(size - s.size)
	s.size, s.due = size, min(s.due, size)
}

// lose counts what was seen of s beyond size, and will not be read.
func (r *run) lose(s *source, size int64) {
	if lost := s.size - size; lost > 0 {
		r.log.Warn("logcollect: went before it could be read", "file", s.path, "bytes", lost)
		r.count.lost.Add(lost)
		r.count.lag.Add(-lost)
		s.size, s.due = size, min(s.due, size)
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
