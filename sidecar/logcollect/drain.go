package logcollect

import "time"

// A drain is the end of a run: the files are read until a scan of all finds
// nothing new, and then their partial lines.
type drain struct {
	on    bool
	since time.Time
	found bool // something new was found since the last scan that drained asked for
	final bool // the partial lines are being delivered
	late  bool // it has found enough
}

// drainTime bounds how long a drain goes on finding something new. What is
// written later is left to the next run: somebody goes on writing.
const drainTime = time.Second

// drained tells whether all is delivered; if not, when to ask again at the
// latest, where nothing else leads to it.
func (r *run) drained(now time.Time) (bool, time.Time) {
	r.drain.late = now.Sub(r.drain.since) > drainTime
	if len(r.added)+len(r.removed)+len(r.again) > 0 || len(r.queue) > 0 || r.flying != nil || r.ahead == nil || !r.ahead.idle() {
		return false, time.Time{}
	}
	for _, s := range r.sources {
		if s.before != nil && s.size > s.next {
			return false, time.Time{} // settle knows when
		}
	}
	if r.drain.found && !r.drain.late {
		r.drain.found, r.scanAt = false, now
		return false, now
	}
	var at time.Time
	finished := true
	for _, s := range r.sources {
		if s.size == s.next || s.err != nil {
			continue
		}
		if quiet := s.since.Add(quietTime); now.Before(quiet) {
			if !r.drain.late {
				finished, at = false, earlier(at, quiet)
			}
			continue
		}
		finished, at = false, now
		if !r.changed(s) {
			r.drain.final, s.ending = true, true
			r.enqueue(s)
		}
	}
	return finished, at
}
