package jsonsource

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// maxDepth is how deep arrays and objects may stand in one another.
const maxDepth = 1000

// A scanner goes through a document by RFC 8259, and takes nothing that it does
// not allow. Its methods return where what they read ends, or -1 with err set.
type scanner struct {
	b   []byte
	err error
}

func (s *scanner) fail(at int, what string) int {
	if s.err == nil {
		if at >= len(s.b) {
			s.err = fmt.Errorf("no JSON: cut off after %d bytes: %s", len(s.b), what)
		} else {
			s.err = fmt.Errorf("no JSON: at byte %d is %q: %s", at, s.b[at], what)
		}
	}
	return -1
}

// space returns where the next byte is that is none.
func (s *scanner) space(i int) int {
	for i < len(s.b) && s.b[i] <= ' ' && (s.b[i] == ' ' || s.b[i] == '\n' || s.b[i] == '\r' || s.b[i] == '\t') {
		i++
	}
	return i
}

// skip reads the value that begins at i.
func (s *scanner) skip(i, depth int) int {
	if i >= len(s.b) {
		return s.fail(i, "want a value")
	}
	switch c := s.b[i]; {
	case c == '"':
		return s.text(i)
	case c == '{':
		return s.skipObject(i, depth)
	case c == '[':
		return s.skipArray(i, depth)
	case c == '-' || '0' <= c && c <= '9':
		return s.number(i)
	case c == 't':
		return s.word(i, "true")
	case c == 'f':
		return s.word(i, "false")
	case c == 'n':
		return s.word(i, "null")
	}
	return s.fail(i, "no value begins so")
}

func (s *scanner) skipObject(i, depth int) int {
	if depth >= maxDepth {
		return s.tooDeep(i)
	}
	for i = s.space(i + 1); ; {
		if i < len(s.b) && s.b[i] == '}' {
			return i + 1
		}
		_, i = s.key(i)
		if i < 0 {
			return -1
		}
		if i = s.skip(i, depth+1); i < 0 {
			return -1
		}
		if i = s.next(i, '}'); i < 0 {
			return -1
		}
	}
}

func (s *scanner) skipArray(i, depth int) int {
	if depth >= maxDepth {
		return s.tooDeep(i)
	}
	i = s.space(i + 1)
	if i < len(s.b) && s.b[i] == ']' {
		return i + 1
	}
	for {
		if i = s.skip(i, depth+1); i < 0 {
			return -1
		}
		if i = s.next(i, ']'); i < 0 {
			return -1
		}
		if s.b[i] == ']' {
			return i + 1
		}
	}
}

func (s *scanner) tooDeep(i int) int {
	if s.err == nil {
		s.err = fmt.Errorf("at byte %d arrays and objects are more than %d deep", i, maxDepth)
	}
	return -1
}

// key reads a member's name and colon; i is then where its value begins.
func (s *scanner) key(i int) (end, value int) {
	if i >= len(s.b) || s.b[i] != '"' {
		return 0, s.fail(i, "want the name of a member")
	}
	if end = s.text(i); end < 0 {
		return 0, -1
	}
	i = end
	if i >= len(s.b) || s.b[i] != ':' {
		if i = s.space(i); i >= len(s.b) || s.b[i] != ':' {
			return 0, s.fail(i, "want a colon")
		}
	}
	if i++; i < len(s.b) && s.b[i] <= ' ' {
		i = s.space(i)
	}
	return end, i
}

// next goes over the comma after a value, to what follows it, or to close.
func (s *scanner) next(i int, end byte) int {
	if i < len(s.b) && s.b[i] <= ' ' {
		i = s.space(i)
	}
	if i >= len(s.b) {
		return s.fail(i, "want a comma or an end")
	}
	switch s.b[i] {
	case end:
		return i
	case ',':
		if i++; i < len(s.b) && s.b[i] <= ' ' {
			i = s.space(i)
		}
		if i < len(s.b) && s.b[i] == end {
			return s.fail(i, "want a value after the comma")
		}
		if i >= len(s.b) {
			return s.fail(i, "want a value after the comma")
		}
		return i
	}
	return s.fail(i, "want a comma or an end")
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// text reads a string, eight bytes at a time: one ends those that are of no
// interest if it is a quote, a backslash or a control character.
func (s *scanner) text(i int) int {
	b := s.b
	for i++; ; {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, back := w^(ones*'"'), w^(ones*'\\')
			found := ((quote - ones) &^ quote) | ((back - ones) &^ back) | ((w - ones*0x20) &^ w)
			if found &= highs; found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return s.fail(i, "want the end of a string")
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i); i < 0 {
				return -1
			}
		case c < 0x20:
			return s.fail(i, "no string has it")
		default:
			i++
		}
	}
}

func (s *scanner) escape(i int) int {
	if i+1 >= len(s.b) {
		return s.fail(i+1, "want what follows a backslash")
	}
	switch s.b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(s.b) || !hex(s.b[j]) {
				return s.fail(j, "want four hexadecimal digits")
			}
		}
		return i + 6
	}
	return s.fail(i+1, "no escape is so")
}

func hex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func (s *scanner) number(i int) int {
	if s.b[i] == '-' {
		i++
	}
	if i < len(s.b) && s.b[i] == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return -1
	}
	if i < len(s.b) && s.b[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(s.b) && s.b[i]|0x20 == 'e' {
		if i++; i < len(s.b) && (s.b[i] == '+' || s.b[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

func (s *scanner) digits(i int) int {
	from := i
	for i < len(s.b) && '0' <= s.b[i] && s.b[i] <= '9' {
		i++
	}
	if i == from {
		return s.fail(i, "want a digit")
	}
	return i
}

func (s *scanner) word(i int, want string) int {
	for j := range want {
		if i+j >= len(s.b) || s.b[i+j] != want[j] {
			return s.fail(i+j, "want "+want)
		}
	}
	return i + len(want)
}
