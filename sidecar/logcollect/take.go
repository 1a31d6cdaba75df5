package logcollect

// framing is how c's fields want lines to end.
func (c *Collector) framing() framing {
	f := framing{limit: c.maxLineBytes(), strip: c.StripCR, truncate: c.TruncateLines}
	if c.Multiline != nil {
		f.start = newStarter(c.Multiline.Start).begins
	}
	return f
}

// take puts into the batch ahead what is complete of the data that was read behind
// s.next into its buffer from at to end. more and full are as for read.
func (r *run) take(s *source, at, end int, eof bool) (more, full bool) {
	b, first := r.ahead, s.next
	until := s.ends(int64(end-at), eof)
	if until == paused && s.place == dropping {
		s.place = lineStart
	}
	s.long, s.paused = false, false
	for at < end {
		if b.full() {
			return true, false
		}
		st := r.framing.step(b.buf[at:end], s.place, s.seen, until)
		s.seen = st.seen
		if st.n == 0 {
			break
		}
		data := b.buf[at : at+st.n]
		at += st.n
		if st.drop {
			r.drop(s, data, st.next)
			continue
		}
		s.advance(data)
		s.place = st.next
		r.countCut(s, st.cut)
		if st.cut == Truncated && !endsLine(data) {
			r.drop(s, b.buf[at:at+1], dropped) // where the newline goes
			at++
		}
		b.add(s, data, &r.framing, st.cut)
		if at < end && b.n > at {
			return true, false // the newline is where the next line began
		}
	}
	switch {
	case eof:
		if until == over {
			s.ending = false
		}
		r.hold(s)
		return false, false
	case s.next == first && !b.empty():
		return true, true
	case s.next == first:
		b.grow(r.framing.enough())
	case r.drain.on && s.next >= s.target && !s.ending:
		return false, false
	}
	return true, false
}

// ends tells what is not to be waited for behind the next n bytes of s, if these
// come to the end of the file.
func (s *source) ends(n int64, eof bool) ending {
	switch {
	case !eof:
		return goesOn
	case s.ending:
		return over
	case s.paused && s.next+n <= s.quiet:
		return paused
	}
	return goesOn
}

// drop moves s behind data without delivering it.
func (r *run) drop(s *source, data []byte, next place) {
	if s.place != torn {
		r.count.truncatedBytes.Add(int64(len(data)))
	}
	s.advance(data)
	s.place = next
	r.count.lag.Add(-int64(len(data)))
	r.ahead.part(s)
	r.ahead.drops += len(data)
}

func (r *run) countCut(s *source, cut Cut) {
	switch cut {
	case Split:
		r.count.long.Add(1)
		s.long = true
	case Parted:
		r.count.long.Add(1)
	case Truncated:
		r.count.truncated.Add(1)
	case Ended:
		r.count.partial.Add(1)
	}
}
