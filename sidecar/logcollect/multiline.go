package logcollect

import (
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

func (m *Multiline) idle() time.Duration { return orDefault(m.Idle, defaultIdle) }

// hold has flush look after s if that has lines which are not an event yet, or drops
// those of one.
func (r *run) hold(s *source) {
	if !s.held && r.c.Multiline != nil && (s.seen > 0 || s.place == dropping) {
		s.held = true
		r.held = append(r.held, s)
	}
}

// flush has those files read whose last event is complete because time has passed,
// and returns when to ask again.
func (r *run) flush(now time.Time) (wake time.Time) {
	r.held = slices.DeleteFunc(r.held, func(s *source) bool {
		due := s.since.Add(r.c.Multiline.idle())
		switch {
		case r.sources[s.id] != s: // forgotten
		case s.queued:
		case s.before != nil || s.f == nil && s.name == "":
			return false // it may have its turn, or be found again
		case now.Before(due):
			wake = earlier(wake, due)
			return false
		case !r.changed(s):
			s.paused, s.quiet = true, s.size
			r.enqueue(s)
		case !s.queued:
			return false // the scan will tell
		}
		s.held = false
		return true
	})
	return wake
}
