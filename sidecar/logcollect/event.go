package logcollect

import "bytes"

// startSize is how many bytes of a line tell whether it begins an event.
const startSize = 1 << 10

// maxEvents bounds the memory for the ends of the events in a batch.
const maxEvents = 1 << 16

// events takes as many whole events as there are before a longer one, and notes
// their ends.
func (f *framing) events(data []byte, seen int, end ending) step {
	f.ends = f.ends[:0]
	begin, at := 0, seen // of the event, of the line
	for at < len(data) && len(f.ends) < maxEvents {
		next := len(data)
		whole := false
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			next, whole = at+i+1, true
		}
		if at > begin {
			begins, known := f.begins(data[at:next], end)
			if !known {
				break
			}
			if begins {
				f.ends = append(f.ends, at)
				begin = at
			}
		}
		if f.tooLong(data[begin:next], end) {
			return f.cutEvent(begin, at)
		}
		if !whole {
			break
		}
		at = next
	}
	st := step{}
	switch {
	case len(f.ends) == maxEvents: // the rest has its turn in another batch
	case end == over && begin < len(data):
		begin, at = len(data), len(data)
		f.ends = append(f.ends, begin)
		if data[begin-1] != '\n' {
			st.cut, st.next = Ended, torn
		}
	case end == paused && begin < at:
		begin = at
		f.ends = append(f.ends, at)
	}
	st.n, st.seen = begin, at-begin
	return st
}

// begins tells whether the line at the start of data begins an event, if that is
// known already. A fixed part of the line decides, so that it does not depend on
// how much of it there is.
func (f *framing) begins(data []byte, end ending) (begins, known bool) {
	if f.start == nil {
		return true, true
	}
	data = data[:min(len(data), startSize)]
	line := data
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		line = data[:i]
		if i > 0 && line[i-1] == '\r' {
			line = line[:i-1]
		}
	} else if len(data) < startSize && end != over {
		return false, false
	}
	return f.start(line), true
}

// tooLong tells whether an event that begins with data, the last line of which may
// be incomplete, is longer than the limit.
func (f *framing) tooLong(data []byte, end ending) bool {
	n := len(data)
	whole := data[n-1] == '\n'
	if whole {
		n--
	}
	if f.strip && n > 0 && data[n-1] == '\r' && (whole || end != over) {
		n-- // or may be a part of the line end
	}
	return n > f.limit
}

// cutEvent ends an event, which is too long, before its line at, or within its
// first line if that is too long already.
func (f *framing) cutEvent(begin, at int) step {
	st := f.cut(begin + f.limit)
	if begin < at {
		st.n = at
		if st.cut == Split {
			st.cut = Parted
		}
	}
	f.ends = append(f.ends, st.n)
	return st
}
