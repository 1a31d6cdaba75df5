package logcollect

import "time"

const (
	// quietTime is how long a file must not have grown to be taken for finished:
	// its last line for ended, its successor's turn for come.
	quietTime = 200 * time.Millisecond

	// holdTime is how long at most a file waits for the generation before it, where
	// somebody goes on writing to both.
	holdTime = 5 * time.Second
)

// leave has settle look after s, which has lost its path or its name.
func (r *run) leave(s *source) {
	if s.left.IsZero() {
		s.left = time.Now()
		r.leaving = append(r.leaving, s)
	}
}

// settle decides of the files that have lost their path or their name whether
// they are finished, and returns when to ask again, the zero time for not before
// something happens.
func (r *run) settle(now time.Time) (wake time.Time) {
	leaving := r.leaving
	r.leaving = nil
	for _, s := range leaving {
		if r.sources[s.id] != s { // forgotten; another file may have its identity by now
			s.left = time.Time{}
			r.release(s)
			continue
		}
		at, stays := r.settleOne(s, now)
		if stays {
			r.leaving = append(r.leaving, s)
			wake = earlier(wake, at)
		} else {
			s.left = time.Time{}
		}
	}
	return wake
}

func (r *run) settleOne(s *source, now time.Time) (at time.Time, stays bool) {
	gone := s.name == ""
	switch hold := s.left.Add(holdTime); {
	case gone && s.f == nil: // a listing may miss what is renamed meanwhile, but not for long
		if linger := s.gone.Add(lingerTime); now.Before(linger) && !r.drain.late {
			return linger, true
		}
		return r.settleAway(s)
	case !gone && s.after == nil: // it came back
		return time.Time{}, false
	case s.before != nil:
		return time.Time{}, true // not its turn yet
	case !now.Before(hold):
		r.release(s)
	default:
		at = hold
	}
	unread := s.size > s.next
	if s.queued || s.err != nil {
		return at, true
	}
	quiet := s.since.Add(quietTime)
	if now.Before(quiet) && !(r.drain.on && !unread) {
		return earlier(at, quiet), true
	}
	if r.changed(s) {
		return at, true
	}
	if unread {
		s.ending = true
		r.enqueue(s)
		return at, true
	}
	r.release(s)
	if !gone {
		return time.Time{}, false
	}
	linger, removed := strayTime, s.removed()
	if removed {
		linger = lingerTime
	}
	if until := s.since.Add(linger); now.Before(until) && !r.drain.on {
		return until, true
	}
	if removed {
		r.forget(s)
		return time.Time{}, false
	}
	return r.settleAway(s)
}

// settleAway has s go away when nothing of it can be on its way to the sink.
func (r *run) settleAway(s *source) (at time.Time, stays bool) {
	if r.ahead == nil || !r.ahead.empty() {
		return time.Time{}, true
	}
	r.goAway(s)
	return time.Time{}, false
}

// release gives the next generation its turn.
func (r *run) release(s *source) {
	if next := s.after; next != nil && next.before == s {
		next.before = nil
		if !next.left.IsZero() {
			next.left = time.Now() // what it has waited is no reason to overtake it
		}
		r.enqueue(next)
	}
}

// forget follows s no more.
func (r *run) forget(s *source) {
	r.release(s)
	r.shut(s)
	if r.newest[s.path] == s {
		delete(r.newest, s.path)
	}
	if r.sources[s.id] != s {
		return
	}
	r.lose(s, s.next)
	delete(r.sources, s.id)
	r.removed = append(r.removed, s.id)
}
