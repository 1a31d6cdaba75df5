package logcollect

import (
	"errors"
	"time"
)

// maxWarned bounds what is remembered of the warnings.
const maxWarned = 1000

// warn counts that something is wrong with a file, and logs it once until it is
// well again.
func (r *run) warn(name, what string, err error) {
	r.count.readErrors.Add(1)
	r.trouble = true
	r.pollSoon(time.Now())
	if r.first(name) {
		r.log.Warn("logcollect: file "+what+", will be tried again", "file", name, "err", err)
	}
}

func (r *run) warnUnopened(s *source) {
	if !errors.Is(s.err, errMoved) {
		r.warn(s.name, "can't be opened", s.err)
	}
}

func (r *run) warnOnce(name, what string) {
	if r.first(name) {
		r.log.Warn("logcollect: file "+what, "file", name)
	}
}

func (r *run) first(name string) bool {
	if r.warned[name] {
		return false
	}
	if len(r.warned) >= maxWarned {
		clear(r.warned)
	}
	r.warned[name] = true
	return true
}
