package logcollect

import (
	"cmp"
	"regexp"
	"slices"
	"time"
)

// A Multiline makes one event of several lines, as of a message and the stack trace
// below it. An event begins with a line that matches Start, or with the first line
// of a file, and goes on to the next such line. It is delivered as a whole, its line
// ends included, when
//   - the line that begins the next one is there,
//   - or the file has not grown for Idle,
//   - or the file was rotated or the Collector stopped, and its last line is final.
//
// A line without a newline is waited for as ever. The checkpoint does not move into
// an event, so after a crash it comes again as a whole. An event does not go on from
// one generation of a log to the next.
type Multiline struct {
	// Start is what a line that begins an event matches. It is given the line without
	// its line end, of one longer than 1 KiB the first 1 KiB. It must not be nil.
	Start *regexp.Regexp

	// Idle is how long a file must not have grown for its last event to be complete.
	// What a copytruncate cuts off within that time is lost. 0: 1 s; negative: an
	// error.
	Idle time.Duration
}

const defaultIdle = time.Second

func (m *Multiline) idle() time.Duration { return cmp.Or(m.Idle, defaultIdle) }

// hold has flush look after s if that has lines which are not an event yet, or drops
// those of one.
func (r *run) hold(s *source) {
	if r.c.Multiline == nil || s.seen == 0 && s.place != dropping {
		return
	}
	r.flushAt = earlier(r.flushAt, s.since.Add(r.c.Multiline.idle()))
	if !s.held {
		s.held = true
		r.held = append(r.held, s)
	}
}

// flush has those files read whose last event is complete because time has passed,
// when it is time for that.
func (r *run) flush(now time.Time) {
	if r.flushAt.IsZero() || now.Before(r.flushAt) {
		return
	}
	r.flushAt = time.Time{}
	r.held = slices.DeleteFunc(r.held, func(s *source) bool {
		again, stays := r.flushOne(s, now)
		if stays {
			r.flushAt = earlier(r.flushAt, again)
		}
		s.held = stays
		return !stays
	})
}

func (r *run) flushOne(s *source, now time.Time) (again time.Time, stays bool) {
	due := s.since.Add(r.c.Multiline.idle())
	switch {
	case r.sources[s.id] != s: // forgotten
	case s.queued: // and held again then
	case now.Before(due):
		return due, true
	case s.before != nil || s.f == nil && s.name == "": // it may have its turn, or be found again
		return now.Add(quietTime), true
	case !r.changed(s):
		s.paused, s.quiet = true, s.size
		r.enqueue(s)
	case !s.queued: // the scan will tell
		return now.Add(quietTime), true
	}
	return time.Time{}, false
}
