package httpproxy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A matcher is what of a Route decides whether it matches.
type matcher struct {
	host    string // in lower case; of a wildcard, from its dot on
	wild    bool
	path    string
	prefix  string // without a last slash, so that "/" is empty
	prefixy bool
	methods []string
	headers []headerTest
}

type headerTest struct {
	HeaderMatch
	pattern *regexp.Regexp
}

// newMatcher returns what is wrong with the fields of r that it is made of.
func newMatcher(r *Route) (m matcher, err error) {
	m = matcher{host: strings.ToLower(r.Host), path: r.Path, methods: r.Methods}
	if rest, wild := strings.CutPrefix(m.host, "*"); wild {
		m.host, m.wild = rest, true
	}
	name := strings.TrimPrefix(m.host, ".")
	if r.Host != "" && (!isHostName(name) || m.wild != strings.HasPrefix(m.host, ".")) {
		return m, fmt.Errorf("Host: %q is neither a name or address nor \"*.\" and a name", r.Host)
	}
	if r.Path != "" && r.PathPrefix != "" {
		return m, fmt.Errorf("Path: %q, but there is a PathPrefix, %q", r.Path, r.PathPrefix)
	}
	for _, p := range []struct{ field, value string }{{"Path", r.Path}, {"PathPrefix", r.PathPrefix}} {
		if p.value != "" && !isPath(p.value) {
			return m, fmt.Errorf("%s: %q is no path, which begins with / and has neither ? nor #, nor spaces", p.field, p.value)
		}
	}
	m.prefix, m.prefixy = strings.TrimRight(r.PathPrefix, "/"), r.PathPrefix != ""
	for _, method := range r.Methods {
		if !isToken(method) {
			return m, fmt.Errorf("Methods: %q is no method", method)
		}
	}
	for _, h := range r.Headers {
		test, err := newHeaderTest(h)
		if err != nil {
			return m, fmt.Errorf("Headers: %w", err)
		}
		m.headers = append(m.headers, test)
	}
	return m, nil
}

func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && all(s, inTarget) && !strings.Contains(s, "?")
}

// isHostName takes names and addresses, of IPv6 in brackets.
func isHostName(s string) bool {
	if s == "" || !all(s, inHost) || strings.HasSuffix(s, ".") || strings.Contains(s, "*") {
		return false
	}
	return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") || !strings.ContainsAny(s, ":[]")
}

func newHeaderTest(h HeaderMatch) (t headerTest, err error) {
	t.HeaderMatch = h
	switch {
	case !isToken(h.Name):
		return t, fmt.Errorf("Name: %q is no name of a field", h.Name)
	case h.Absent && (h.Value != "" || h.Regexp != ""):
		return t, fmt.Errorf("Absent: %s has a Value or Regexp as well", h.Name)
	case h.Value != "" && h.Regexp != "":
		return t, fmt.Errorf("Regexp: %s has a Value, %q, as well", h.Name, h.Value)
	case h.Regexp != "":
		if _, err = regexp.Compile(h.Regexp); err == nil { // on its own, so that no ) of it closes what follows
			t.pattern, err = regexp.Compile(`^(?:` + h.Regexp + `)$`)
		}
		if err != nil {
			return t, fmt.Errorf("Regexp: %s: %w", h.Name, err)
		}
	}
	return t, nil
}

// matches tells whether m is for a request to that host, which is in lower case
// and bare.
func (m *matcher) matches(x *exchange, host, path string) bool {
	switch {
	case m.wild && !(len(host) > len(m.host) && strings.HasSuffix(host, m.host)),
		!m.wild && m.host != "" && m.host != host,
		m.path != "" && m.path != path,
		m.prefixy && !hasSegments(path, m.prefix),
		m.methods != nil && !slices.Contains(m.methods, x.method):
		return false
	}
	for i := range m.headers {
		if !m.headers[i].passes(x.header) {
			return false
		}
	}
	return true
}

// hasSegments tells whether path begins with the segments of prefix.
func hasSegments(path, prefix string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/' || prefix == "")
}

func (t *headerTest) passes(h fields) bool {
	if t.Value == "" && t.pattern == nil {
		return h.has(t.Name) != t.Absent
	}
	for i := range h {
		if !same(h[i].name, t.Name) {
			continue
		}
		if t.pattern != nil && t.pattern.MatchString(h[i].value) || t.pattern == nil && h[i].value == t.Value {
			return true
		}
	}
	return false
}

// before orders matchers by how much they ask for.
func (m *matcher) before(o *matcher) int {
	for _, by := range [][2]int{
		{yes(m.host != "" && !m.wild), yes(o.host != "" && !o.wild)},
		{len(m.host), len(o.host)},
		{yes(m.path != ""), yes(o.path != "")},
		{len(m.prefix) + yes(m.prefixy), len(o.prefix) + yes(o.prefixy)},
		{yes(m.methods != nil), yes(o.methods != nil)},
		{len(m.headers), len(o.headers)},
	} {
		if d := by[1] - by[0]; d != 0 {
			return d
		}
	}
	return 0
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bareHost is the name of a host as it is compared: in lower case, without a port
// or a last dot.
func bareHost(host string) string {
	if at := strings.LastIndexByte(host, ':'); at >= 0 && strings.IndexByte(host[at:], ']') < 0 {
		host = host[:at]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
