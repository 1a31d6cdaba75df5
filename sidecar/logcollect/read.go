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
// is, those that have more going to the end of the queue.
func (r *run) fill() {
	for len(r.queue) > 0 && r.ahead != nil {
		s := r.queue[0]
		more, full := false, false
		if r.sources[s.id] == s { // else forgotten
			more, full = r.read(s)
		}
		if full {
			return
		}
		r.queue = r.queue[1:]
		s.queued = false
		if more {
			r.enqueue(s)
		}
	}
}

// read reads s into the batch ahead. more tells that it has not come to its end,
// full that the batch must be handed over first.
func (r *run) read(s *source) (more, full bool) {
	b := r.ahead
	if !b.empty() && b.room() < minRoom {
		return true, true
	}
	s.err = r.ensureOpen(s)
	if errors.Is(s.err, errReplaced) {
		return true, r.restart(s)
	}
	if s.err != nil {
		r.warnUnopened(s)
		return false, false
	}
	limit := b.room()
	if s.long {
		limit = min(limit, r.c.maxLineBytes()+1)
	}
	data, eof, err := s.peek(b.buf, b.n, limit)
	if errors.Is(err, errReplaced) {
		return true, r.restart(s)
	}
	if s.err = err; err != nil {
		r.warn(s.name, "can't be read", err)
		return false, false
	}
	r.saw(s, s.next+int64(len(data)))
	if s.torn && len(data) > 0 {
		s.torn = false
		if data[0] == '\n' { // it was delivered already
			r.skip(s, data[:1])
			return true, false
		}
	}
	if skipped, wait := r.nextLine(s, data); skipped || wait {
		s.ending = s.ending && skipped
		return skipped, false
	}
	n, cut := frame(data, r.c.maxLineBytes())
	s.long = cut
	switch {
	case n > 0 && cut:
		r.count.long.Add(1)
	case n > 0:
	case !eof && !b.empty():
		return true, true
	case !eof:
		b.grow(r.c.maxLineBytes())
		return true, false
	case s.ending && len(data) > 0:
		n, cut, s.torn = len(data), true, true
		r.count.partial.Add(1)
	default:
		s.ending = false
		return false, false
	}
	s.advance(data[:n])
	b.add(s, n, cut, s.progress())
	if r.drain.on && s.next >= s.target && !s.ending {
		return false, false
	}
	return !eof || n < len(data) && s.ending || cut, false
}

// restart begins s again, because it does not have what was read from it. It
// returns true if what was read must be handed over before.
func (r *run) restart(s *source) (full bool) {
	if r.ahead != nil && !r.ahead.empty() {
		return true
	}
	now := s.next
	if at, err := lookAt(s.f, s.name); err == nil {
		now = max(now, at.size)
	}
	r.log.Info("logcollect: file was cut or rewritten, begun again", "file", s.name, "read", s.next)
	r.count.truncations.Add(1)
	lost := s.size
	r.lose(s, now)
	lost -= s.size
	r.unsee(s)
	s.cut, s.inHole = s.next+lost, false
	s.next, s.size, s.guard, s.torn, s.long, s.unchecked = 0, 0, guard{}, false, false, false
	r.added = append(r.added, s.progress()) // so that after a crash too what comes now is of this beginning
	return false
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

func (r *run) skip(s *source, data []byte) {
	s.advance(data)
	r.count.lag.Add(-int64(len(data)))
}
