package httpproxy

import (
	"errors"
	"fmt"
	"strings"
)

// maxFields keeps what looks at all fields for each of some from taking long.
const maxFields = 256

// A bad message is one that is not forwarded. The status is what its sender gets
// if it is a request; a response with one is a 502.
type badMessage struct {
	status int
	why    string
}

func (e *badMessage) Error() string { return e.why }

func isBad(err error) bool {
	_, ok := errors.AsType[*badMessage](err)
	return ok
}

func bad(status int, format string, args ...any) error {
	return &badMessage{status, fmt.Sprintf(format, args...)}
}

// headEnd looks for the end of a head in b, of which so much was looked at
// before. It returns the length of the head with its last empty line, 0 if there
// is none yet, and how far it has looked. A line may end in LF alone (RFC 9112,
// 2.2); whether that is taken is for who parses it.
func headEnd(b []byte, looked int) (end, now int) {
	for i := looked; i < len(b); i++ {
		if b[i] != '\n' {
			if n := indexLF(b[i:]); n >= 0 {
				i += n
			} else {
				return 0, max(0, len(b)-1)
			}
		}
		if rest := b[i+1:]; len(rest) >= 1 && rest[0] == '\n' {
			return i + 2, i
		} else if len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 3, i
		} else if len(rest) < 2 {
			return 0, i
		}
	}
	return 0, len(b)
}

// A head is what the first part of a message says. Its fields are all there were.
type head struct {
	// Of a request.
	method, target string
	// Of a response.
	status int
	reason string

	minor  int // of the version, which is 1.minor
	fields fields
}

// parseFields parses the lines that follow the first one, s, up to the empty
// line, which is part of s. Into f goes what there is.
func parseFields(f fields, s string, lenient bool) (fields, error) {
	for {
		line, rest, err := cutLine(s, lenient)
		if err != nil {
			return f, err
		}
		s = rest
		if line == "" {
			return f, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if f, err = unfold(f, line); err != nil {
				return f, err
			}
			continue
		}
		colon := strings.IndexByte(line, ':')
		if colon < 0 {
			return f, bad(400, "header line without a colon")
		}
		name, value := line[:colon], trim(line[colon+1:])
		if !isToken(name) { // also white space before the colon: RFC 9112, 5.1
			return f, bad(400, "header name %.40q is no token", name)
		}
		if !all(value, inValue) {
			return f, bad(400, "header %s has a control character", name)
		}
		if len(f) == maxFields {
			return f, bad(431, "more than %d header fields", maxFields)
		}
		f = append(f, field{name, value})
	}
}

// unfold makes an obs-fold a space (RFC 9112, 5.2).
func unfold(f fields, line string) (fields, error) {
	more := trim(line)
	if len(f) == 0 {
		return f, bad(400, "white space before the first header")
	}
	if !all(more, inValue) {
		return f, bad(400, "header %s has a control character", f[len(f)-1].name)
	}
	last := &f[len(f)-1]
	if more == "" {
		return f, nil
	}
	if len(last.value)+len(more) > maxFolded {
		return f, bad(431, "header %s is folded and has more than %d bytes", last.name, maxFolded)
	}
	if last.value != "" {
		more = last.value + " " + more
	}
	last.value = more
	return f, nil
}

// maxFolded bounds what joining lines one by one costs.
const maxFolded = 8 << 10

// cutLine cuts a line and its end from s. A CR that does not begin CRLF is
// refused, by RFC 9112, 2.2.
func cutLine(s string, lenient bool) (line, rest string, err error) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return "", "", bad(400, "a line does not end")
	}
	line, rest = s[:i], s[i+1:]
	switch {
	case strings.HasSuffix(line, "\r"):
		line = line[:len(line)-1]
	case !lenient:
		return "", "", bad(400, "a line ends with LF alone")
	}
	if strings.IndexByte(line, '\r') >= 0 {
		return "", "", bad(400, "a bare CR")
	}
	return line, rest, nil
}
