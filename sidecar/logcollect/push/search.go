package push

// A search finds the line for which the server refuses a request, by halves. What
// it does not find guilty is delivered on the way.
type search struct {
	most    int // lines that a request may have; 0: any number
	suspect int // of the lines to come, so many have the guilty one among them
}

// refused is told that the server refused n lines, and says whether it can go on
// with fewer of them.
func (s *search) refused(n int) bool {
	if n == 1 {
		*s = search{most: 1}
		return false
	}
	s.suspect, s.most = n, n/2
	return true
}

// taken is told that the server has taken n lines, or that one was given up.
func (s *search) taken(n int) {
	switch {
	case s.suspect > n:
		s.suspect -= n
		s.most = max(1, s.suspect/2)
	case s.suspect > 0: // each alone is welcome
		*s = search{}
	case s.most > 0:
		s.most *= 2
	}
}
