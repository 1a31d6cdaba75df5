package httpproxy

import (
	"strconv"
	"strings"
)

// parseRequest parses the whole head of a request. What it refuses, and with which
// status, is in doc.go.
func (h *head) parseRequest(s string) error {
	line, rest, err := cutLine(s, false)
	if err != nil {
		return err
	}
	if err := h.parseRequestLine(line); err != nil {
		return err
	}
	h.fields, err = parseFields(h.fields[:0], rest, false)
	return err
}

// parseRequestLine is of RFC 9112, 3.
func (h *head) parseRequestLine(line string) error {
	first := strings.IndexByte(line, ' ')
	last := strings.LastIndexByte(line, ' ')
	if first <= 0 || last == first {
		return bad(400, "request line is not a method, a target and a version")
	}
	h.method, h.target = line[:first], line[first+1:last]
	version := line[last+1:]
	if !isToken(h.method) {
		return bad(400, "method %.40q is no token", h.method)
	}
	if h.target == "" || !all(h.target, inTarget) {
		return bad(400, "request target has a character that none has")
	}
	minor, err := parseVersion(version)
	if err != nil {
		return err
	}
	h.minor = minor
	return nil
}

// parseVersion returns the minor version of HTTP/1. A higher one than 1.1 is
// treated as that (RFC 9110, 2.5).
func parseVersion(s string) (minor int, err error) {
	if len(s) != len("HTTP/1.1") || s[:5] != "HTTP/" || s[6] != '.' || !digit(s[5]) || !digit(s[7]) {
		return 0, bad(400, "malformed HTTP version")
	}
	if s[5] != '1' {
		return 0, bad(505, "HTTP version %c.%c", s[5], s[7])
	}
	return min(int(s[7]-'0'), 1), nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// authority takes the request's host from its target or its Host field, and makes
// the target one in origin-form, but for CONNECT and OPTIONS * (RFC 9112, 3.2).
func (h *head) authority() (host string, err error) {
	n := 0
	for i := range h.fields {
		if same(h.fields[i].name, "Host") {
			host = h.fields[i].value
			n++
		}
	}
	switch {
	case n > 1:
		return "", bad(400, "more than one Host")
	case n == 0 && h.minor > 0:
		return "", bad(400, "no Host")
	case !all(host, inHost):
		return "", bad(400, "Host has a character that none has")
	}
	switch {
	case h.method == "CONNECT":
		colon := strings.LastIndexByte(h.target, ':')
		if colon <= 0 || !all(h.target, inHost) || !isPort(h.target[colon+1:]) {
			return "", bad(400, "the target of CONNECT is not host:port")
		}
		return h.target, nil
	case h.target[0] == '/':
		return host, nil
	case h.target == "*":
		if h.method != "OPTIONS" {
			return "", bad(400, "the target * is for OPTIONS only")
		}
		return host, nil
	}
	scheme, after, ok := strings.Cut(h.target, "://")
	if !ok || !same(scheme, "http") && !same(scheme, "https") {
		return "", bad(400, "the target is neither a path nor an http or https address")
	}
	end := strings.IndexAny(after, "/?")
	if end < 0 {
		end = len(after)
	}
	host = after[:end] // wins over Host: RFC 9112, 3.2.2
	if host == "" || !all(host, inHost) {
		return "", bad(400, "the target's host has a character that none has")
	}
	switch path := after[end:]; {
	case path == "" && h.method == "OPTIONS":
		h.target = "*" // RFC 9112, 3.2.4
	case path == "" || path[0] == '?':
		h.target = "/" + path
	default:
		h.target = path
	}
	return host, nil
}
