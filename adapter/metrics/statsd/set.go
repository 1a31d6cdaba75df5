package statsd

// A set counts the values that are distinct within a period. It keeps hashes of
// 64 bits, so that a million values are taken for one less than they are once in
// some 40 million times.
type set struct {
	period  int64 // which one is running
	values  map[uint64]struct{}
	before  int  // how many the period before had
	settled bool // there was one before
}

// A budget is how many values all sets may have together.
type budget struct{ left int }

func (s *set) turn(period int64, b *budget) {
	if s.period == period {
		return
	}
	if s.period != 0 {
		s.settled = true
		if s.before = 0; s.period+1 == period {
			s.before = len(s.values)
		}
	}
	s.period = period
	b.left += len(s.values)
	s.values = nil
}

// add returns false where the budget has no place for a new value.
func (s *set) add(hash uint64, b *budget) bool {
	if _, ok := s.values[hash]; ok {
		return true
	}
	if b.left <= 0 {
		return false
	}
	b.left--
	if s.values == nil {
		s.values = make(map[uint64]struct{}, s.before)
	}
	s.values[hash] = struct{}{}
	return true
}

// size is that of the period that has ended last, and of the running one as long
// as none has.
func (s *set) size() int {
	if s.settled {
		return s.before
	}
	return len(s.values)
}
