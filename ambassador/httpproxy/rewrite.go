package httpproxy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rewrite changes the requests of a [Route], and their answers. What a proxy has to
// see to itself can't be changed: the length and coding of bodies, and the fields
// that are for one connection only.
type Rewrite struct {
	// Host replaces the host that is asked for; X-Forwarded-Host tells the first
	// one. Empty: it stays.
	Host string

	// Prefix replaces the Route's PathPrefix, or its Path: with "/b" for "/a",
	// "/a/c" becomes "/b/c", and with "/" it becomes "/c". Empty: the path stays;
	// in a Route without PathPrefix and Path it is put before every path.
	Prefix string

	// Request changes the fields of requests. The zero value changes none.
	Request HeaderEdit

	// Answer changes the fields of answers, but not of those that the proxy gives
	// itself. The zero value changes none.
	Answer HeaderEdit
}

// HeaderEdit changes the fields of a message: it removes, then sets, then adds.
// Names may have any case.
type HeaderEdit struct {
	// Remove are names of fields. nil: none.
	Remove []string

	// Set are fields that replace all of the same name. nil: none.
	Set map[string]string

	// Add are fields that are put beside those of the same name. nil: none.
	Add map[string]string
}

// edits are what a Rewrite comes to.
type edits struct {
	host            string
	cut             int // how much of the path goes
	prefix          string
	prefixed        bool
	request, answer edit
}

type edit struct {
	remove   []string
	set, add fields
}

func newEdits(r *Route) (e edits, err error) {
	w := r.Rewrite
	if w == nil {
		return e, nil
	}
	if w.Host != "" && (!all(w.Host, inHost) || bareHost(w.Host) == "") {
		return e, fmt.Errorf("Host: %q is no host", w.Host)
	}
	e.host = w.Host
	if w.Prefix != "" {
		if !isPath(w.Prefix) {
			return e, fmt.Errorf("Prefix: %q is no path, which begins with / and has neither ? nor #, nor spaces", w.Prefix)
		}
		e.prefix, e.prefixed = strings.TrimRight(w.Prefix, "/"), true
		e.cut = len(cmp.Or(r.Path, strings.TrimRight(r.PathPrefix, "/")))
	}
	if e.request, err = w.Request.compile(); err != nil {
		return e, fmt.Errorf("Request: %w", err)
	}
	if e.answer, err = w.Answer.compile(); err != nil {
		return e, fmt.Errorf("Answer: %w", err)
	}
	return e, nil
}

// unchangeable are fields that are for a connection, or tell where a body ends.
var unchangeable = []string{
	"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
}

func (h *HeaderEdit) compile() (e edit, err error) {
	for _, name := range h.Remove {
		if err := changeable(name); err != nil {
			return e, fmt.Errorf("Remove: %w", err)
		}
	}
	e.remove = h.Remove
	for _, part := range []struct {
		name string
		from map[string]string
		to   *fields
	}{{"Set", h.Set, &e.set}, {"Add", h.Add, &e.add}} {
		for _, name := range slices.Sorted(maps.Keys(part.from)) {
			value := part.from[name]
			if err := changeable(name); err != nil {
				return e, fmt.Errorf("%s: %w", part.name, err)
			}
			if !all(value, inValue) || strings.Trim(value, " \t") != value {
				return e, fmt.Errorf("%s: %s: %q is no value of a field", part.name, name, value)
			}
			part.to.add(name, value)
		}
	}
	return e, nil
}

func changeable(name string) error {
	if !isToken(name) {
		return fmt.Errorf("%q is no name of a field", name)
	}
	if slices.ContainsFunc(unchangeable, func(u string) bool { return same(u, name) }) {
		return fmt.Errorf("%s is the proxy's own business", name)
	}
	return nil
}

func (e *edit) apply(h *fields) {
	for _, name := range e.remove {
		h.del(name)
	}
	for _, f := range e.set {
		h.set(f.name, f.value)
	}
	*h = append(*h, e.add...)
}

// rewrite changes where x goes.
func (e *edits) rewrite(x *exchange) {
	if e.host != "" {
		x.host = e.host
	}
	if !e.prefixed || !strings.HasPrefix(x.target, "/") {
		return // "*" of OPTIONS, or CONNECT
	}
	rest := x.target[e.cut:]
	if e.prefix == "" && !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	x.target = e.prefix + rest
}
