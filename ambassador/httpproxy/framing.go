package httpproxy

import "strings"

// A framing is how the end of a body is known (RFC 9112, 6.3).
type framing int

const (
	noBody   framing = iota
	byLength         // Content-Length
	chunked          // Transfer-Encoding: chunked
	untilEnd         // a response that ends with its connection
)

// lengths are what Content-Length and Transfer-Encoding say.
type lengths struct {
	length  int64 // -1: there is no Content-Length
	chunked bool
	both    bool // Transfer-Encoding and Content-Length
}

// measure reads the two fields. Where both are there, Transfer-Encoding wins, and
// the connection must not be used after the message (RFC 9112, 6.1).
func measure(f fields, minor int) (l lengths, err error) {
	l.length = -1
	text := ""
	for i := range f {
		switch name := f[i].name; {
		case same(name, "Content-Length"):
			if l.length >= 0 && f[i].value != text {
				return l, bad(400, "two lengths, %.20q and %.20q", text, f[i].value)
			}
			text = f[i].value
			if l.length, err = parseLength(text); err != nil {
				return l, err
			}
		case same(name, "Transfer-Encoding"):
			switch {
			case minor == 0:
				return l, bad(400, "Transfer-Encoding in HTTP/1.0")
			case l.chunked:
				return l, bad(400, "two fields Transfer-Encoding")
			case !same(f[i].value, "chunked"):
				return l, wrongCoding(f[i].value)
			}
			l.chunked = true
		}
	}
	if l.both = l.chunked && l.length >= 0; l.both {
		l.length = -1
	}
	return l, nil
}

// wrongCoding tells a coding that this proxy does not know from a list that
// has no end (RFC 9112, 6.1 and 6.3).
func wrongCoding(value string) error {
	last, n := "", 0
	for t := range tokens(value) {
		last, n = t, n+1
	}
	if n > 1 && same(last, "chunked") && !strings.Contains(strings.ToLower(value[:len(value)-len("chunked")]), "chunked") {
		return bad(501, "Transfer-Encoding %.40q", value)
	}
	return bad(400, "Transfer-Encoding %.40q does not end with one chunked", value)
}

// parseLength takes digits only, no sign, and nothing that overflows.
func parseLength(s string) (int64, error) {
	if s == "" || len(s) > 18 {
		return 0, bad(400, "Content-Length %.40q", s)
	}
	var n int64
	for i := range len(s) {
		if !digit(s[i]) {
			return 0, bad(400, "Content-Length %.40q", s)
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, nil
}

// requestFraming is of RFC 9112, 6.3, for a request.
func requestFraming(l lengths) framing {
	switch {
	case l.chunked:
		return chunked
	case l.length > 0:
		return byLength
	}
	return noBody
}

// responseFraming is of RFC 9112, 6.3, for a response to that method.
func responseFraming(l lengths, method string, status int) framing {
	switch {
	case bodyless(method, status):
		return noBody
	case l.chunked:
		return chunked
	case l.length > 0:
		return byLength
	case l.length == 0:
		return noBody
	}
	return untilEnd
}

// bodyless tells of responses that never have a body, whatever their fields say.
func bodyless(method string, status int) bool {
	return method == "HEAD" || status < 200 || status == 204 || status == 304
}

// hopByHop are the fields between two neighbours (RFC 9110, 7.6.1), and those of
// framing, which are written anew.
func hopByHop(name string) bool {
	switch len(name) {
	case 2:
		return same(name, "TE")
	case 4:
		return same(name, "Host")
	case 7:
		return same(name, "Upgrade")
	case 10:
		return same(name, "Connection") || same(name, "Keep-Alive")
	case 14:
		return same(name, "Content-Length")
	case 16:
		return same(name, "Proxy-Connection")
	case 17:
		return same(name, "Transfer-Encoding")
	case 18:
		return same(name, "Proxy-Authenticate")
	case 19:
		return same(name, "Proxy-Authorization")
	}
	return false
}

// endToEnd leaves in f what is for the far side: not what is hop-by-hop, and not
// what Connection names.
func endToEnd(f fields) fields {
	var named [8]string
	names := named[:0]
	for v := range f.values("Connection") {
		for t := range tokens(v) {
			if !same(t, "close") && !same(t, "keep-alive") && !same(t, "upgrade") && !same(t, "te") {
				names = append(names, t)
			}
		}
	}
	kept := f[:0]
next:
	for i := range f {
		if hopByHop(f[i].name) {
			continue
		}
		for _, n := range names {
			if same(f[i].name, n) {
				continue next
			}
		}
		kept = append(kept, f[i])
	}
	return kept
}
