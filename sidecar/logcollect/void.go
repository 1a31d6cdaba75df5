package logcollect

import "bytes"

// A writer may make its file longer before it writes, as one through a mapping into
// memory has to. What it has not written yet reads as NULs, the first of which are
// in a page that it has written to, and the others in a hole up to the end.

// maxPage is how long a page is at most.
const maxPage = 64 << 10

// unwritten returns how many bytes at the end of data, which was read at s.next, are
// not written yet. changed tells that some of them are by now.
func (s *source) unwritten(data []byte) (n int, changed bool) {
	if len(data) == 0 || data[len(data)-1] != 0 {
		return 0, false
	}
	written := len(bytes.TrimRight(data, "\x00"))
	from := s.next + int64(written)
	if s.nothingFrom(from) {
		return len(data) - written, false
	}
	k, _ := s.f.ReadAt(data[written:], from)
	return 0, len(bytes.TrimLeft(data[written:written+k], "\x00")) > 0
}

// nothingFrom tells whether there are but NULs from offset on, and a hole from
// where a page ends to the end of the file.
func (s *source) nothingFrom(offset int64) bool {
	fi, err := s.f.Stat()
	if err != nil || fi.Size() <= offset {
		return false
	}
	hole := nextHole(s.f, offset)
	if hole < 0 || hole >= fi.Size() || hole-offset >= maxPage || nextData(s.f, hole) >= 0 {
		return false
	}
	rest := make([]byte, hole-offset)
	_, err = s.f.ReadAt(rest, offset)
	return err == nil && len(bytes.Trim(rest, "\x00")) == 0
}

// isVoid tells whether s has grown to size without anything being written, as was
// seen before: then there is nothing to be read, and to look again would have no end.
func (s *source) isVoid(size int64) bool {
	return size == s.void && size > s.size && s.f != nil && s.nothingFrom(s.size)
}
