package logcollect

import "bytes"

// frame returns how many bytes at the start of data are whole lines of at most
// limit bytes, newline not counted. With cut the last of them is not whole: it is
// the first limit bytes of a longer one, and has no newline.
func frame(data []byte, limit int) (n int, cut bool) {
	// From the far end of each window, so that the cost is one short search for
	// limit bytes, not one for each line.
	for len(data)-n > limit {
		i := bytes.LastIndexByte(data[n:n+limit+1], '\n')
		if i < 0 {
			return n + limit, true
		}
		n += i + 1
	}
	return n + bytes.LastIndexByte(data[n:], '\n') + 1, false
}
