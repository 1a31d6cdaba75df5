package prometheus

import "fmt"

// A strictState holds text 0.0.4 to what the format says beyond what readers need.
type strictState struct {
	of   *family
	seen map[*series]struct{}
}

func (s *strictState) begin() {
	s.of = nil
	clear(s.seen)
}

// sample holds that a family's lines are together, and each series comes once.
func (s *strictState) sample(of *family, line *series) error {
	if of != s.of {
		if of.ended {
			return fmt.Errorf("%s is in several places", of.name)
		}
		if s.of != nil {
			s.of.ended = true
		}
		s.of = of
	}
	if line.role == asNothing {
		return fmt.Errorf("no sample of a %v", of.kind)
	}
	if _, twice := s.seen[line]; twice {
		return fmt.Errorf("a series twice")
	}
	if s.seen == nil {
		s.seen = map[*series]struct{}{}
	}
	s.seen[line] = struct{}{}
	return nil
}
