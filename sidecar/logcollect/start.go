package logcollect

import (
	"regexp"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// A starter tells whether a line matches a pattern. Mostly the first byte says that
// it does not, which is ten times faster than to ask the pattern.
type starter struct {
	match func(line []byte) bool
	known bool      // may is
	may   [256]bool // begin a match
	alone bool      // of a byte below utf8.RuneSelf may says all
}

func newStarter(re *regexp.Regexp) *starter {
	s := &starter{match: re.Match}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil { // of another syntax
		return s
	}
	tree = tree.Simplify()
	if tree.Op != syntax.OpConcat || tree.Sub[0].Op != syntax.OpBeginText {
		return s
	}
	s.known = s.first(tree.Sub[1])
	s.alone = s.known && len(tree.Sub) == 2 && tree.Sub[1].Op == syntax.OpCharClass
	return s
}

func (s *starter) begins(line []byte) bool {
	if !s.known {
		return s.match(line)
	}
	if len(line) == 0 || !s.may[line[0]] {
		return false
	}
	return s.alone && line[0] < utf8.RuneSelf || s.match(line)
}

// first notes the bytes that a match of re may begin with, and tells whether these
// are all: not if it matches nothing, or is of a kind that is rare here.
func (s *starter) first(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		r := re.Rune[0]
		s.add(r, r)
		if re.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				s.add(f, f)
			}
		}
		return true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			s.add(re.Rune[i], re.Rune[i+1])
		}
		return true
	case syntax.OpPlus, syntax.OpCapture, syntax.OpConcat:
		return s.first(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !s.first(sub) {
				return false
			}
		}
		return true
	}
	return false
}

func (s *starter) add(from, to rune) {
	for r := from; r <= min(to, utf8.RuneSelf-1); r++ {
		s.may[r] = true
	}
	for b := utf8.RuneSelf; to >= utf8.RuneSelf && b < len(s.may); b++ {
		s.may[b] = true
	}
}
