package logcollect

// A writer that does not append, but goes on at its own offset after somebody has
// truncated the file, leaves a hole before what it writes, which reads as NULs.

// nextLine skips the hole that data, read at s.next, begins with, and tells whether
// there was one.
func (r *run) nextLine(s *source, data []byte) (skipped bool) {
	if len(data) == 0 || !s.atLine() {
		return false
	}
	if data[0] != 0 {
		r.leaveHole(s)
		return false
	}
	if to := nextData(s.f, s.next); to > s.next {
		r.saw(s, to)
		r.skipHole(s, to-s.next)
		return true
	}
	// What is not a hole for the filesystem can't be told from NULs that were
	// written but by where it is, and by its length.
	n := 0
	for n < len(data) && data[n] == 0 {
		n++
	}
	if s.inHole || s.next == 0 && s.cut > 0 && int64(n) >= min(s.cut, guardSize) {
		r.skipHole(s, int64(n))
		return true
	}
	if n < len(data) {
		r.leaveHole(s)
	}
	return false
}

// atLine tells whether a line of the file begins at next, or a hole goes on there. A
// line that is split is longer than the piece of it that begins there.
func (s *source) atLine() bool {
	g := s.guard.get()
	return s.inHole || s.next == 0 || len(g) > 0 && g[len(g)-1] == '\n'
}

func (r *run) skipHole(s *source, n int64) {
	s.inHole = true
	s.next += n
	var nuls [guardSize]byte
	s.guard.append(nuls[:min(n, guardSize)])
	r.count.hole.Add(n)
	r.count.lag.Add(-n)
}

// leaveHole counts what was written before the truncation and had not been read:
// the hole is as long as the file was.
func (r *run) leaveHole(s *source) {
	if s.inHole && s.cut > 0 && s.next > s.cut {
		r.log.Warn("logcollect: went before it could be read", "file", s.path, "bytes", s.next-s.cut)
		r.count.lost.Add(s.next - s.cut)
	}
	s.inHole, s.cut = false, 0
}
