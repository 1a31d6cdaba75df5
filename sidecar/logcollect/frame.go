package logcollect

import "bytes"

// framing says where lines and events end.
type framing struct {
	limit    int // of the bytes of one, its last line end not counted
	strip    bool
	truncate bool
	start    func(line []byte) bool // tells what line begins an event; nil: each does

	ends []int // of the events in the last step, if start is not nil
}

// A place is what comes at an offset in a file. Its number is in the checkpoint.
type place uint8

const (
	lineStart place = iota
	torn            // the rest of a line that was delivered with a newline, because the file ended
	dropped         // the rest of a line that is not delivered, as too long
	dropping        // a line that is not delivered unless it begins an event
	inHole          // the rest of a hole, or else a line; only in the checkpoint
	places          // how many there are
)

// A step is what to do with the first n bytes of a file's data.
type step struct {
	n    int // 0: wait for more
	drop bool
	cut  Cut   // of the last line or event, if they are to be delivered
	next place // what comes behind them
	seen int   // how many of the bytes behind them are whole lines that begin no event
}

// An ending says what no more data is to be waited for.
type ending uint8

const (
	goesOn ending = iota
	paused        // an event, because time has passed
	over          // anything, because the file has ended
)

// enough is how many bytes of data make a step whatever they are.
func (f *framing) enough() int {
	n := f.limit + len("\r\n")
	if f.start != nil {
		n += startSize
	}
	return n
}

// step looks at data, which is what comes at a place in a file. The first seen
// bytes of it are known to be whole lines that begin no event.
func (f *framing) step(data []byte, at place, seen int, end ending) step {
	switch at {
	case torn:
		if data[0] == '\n' {
			return step{n: 1, drop: true}
		}
		if f.strip && bytes.HasPrefix(data, []byte("\r\n")) { // of a CR alone no step is made yet
			return step{n: 2, drop: true}
		}
	case dropped:
		return f.drop(data)
	case dropping:
		switch begins, known := f.begins(data, end); {
		case f.start == nil || begins:
		case known:
			return f.drop(data)
		default:
			return step{next: dropping}
		}
	}
	if f.start != nil {
		return f.events(data, seen, end)
	}
	return f.lines(data, end)
}

// drop drops the rest of a line.
func (f *framing) drop(data []byte) step {
	i := bytes.IndexByte(data, '\n')
	switch {
	case i < 0:
		return step{n: len(data), drop: true, next: dropped}
	case f.start != nil:
		return step{n: i + 1, drop: true, next: dropping}
	}
	return step{n: i + 1, drop: true}
}

// lines takes as many whole lines as there are before a longer one.
func (f *framing) lines(data []byte, end ending) step {
	n := 0
	// From the far end of each window, so that the cost is one short search for
	// limit bytes, not one for each line.
	for len(data)-n > f.limit {
		last := n + f.limit
		switch i := lastLine(data[n : last+1]); {
		case i >= 0:
			n += i + 1
		case f.strip && data[last] == '\r' && last+1 == len(data) && end != over:
			return step{n: n}
		case f.strip && data[last] == '\r' && last+1 < len(data) && data[last+1] == '\n':
			n = last + 2
		default:
			return f.cut(last)
		}
	}
	n += lastLine(data[n:]) + 1
	if end == over && n < len(data) {
		return step{n: len(data), cut: Ended, next: torn}
	}
	return step{n: n}
}

// lastLine returns the index of the last newline in data, -1 if there is none. From
// the end it is mostly found at once, but where it is not the way there is slow.
func lastLine(data []byte) int {
	tail := max(0, len(data)-4<<10)
	if i := bytes.LastIndexByte(data[tail:], '\n'); i >= 0 {
		return tail + i
	}
	if bytes.IndexByte(data[:tail], '\n') < 0 {
		return -1
	}
	return bytes.LastIndexByte(data[:tail], '\n')
}

// cut ends a line after n bytes, where it is too long.
func (f *framing) cut(n int) step {
	if f.truncate {
		return step{n: n, cut: Truncated, next: dropped}
	}
	return step{n: n, cut: Split}
}

// copy copies src to dst, which is the same place or before it, without the CR of
// each CRLF if these are stripped.
func (f *framing) copy(dst, src []byte) (n int) {
	if !f.strip {
		if &dst[0] != &src[0] {
			copy(dst, src)
		}
		return len(src)
	}
	for {
		i := bytes.IndexByte(src, '\r')
		if i < 0 {
			return n + copy(dst[n:], src)
		}
		k := i
		if i+1 == len(src) || src[i+1] != '\n' {
			k++
		}
		n += copy(dst[n:], src[:k])
		src = src[i+1:]
	}
}
