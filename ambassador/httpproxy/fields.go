package httpproxy

import (
	"iter"
	"strings"
)

// A field is a header or trailer field. Both strings are ordinary ones that may be
// kept.
type field struct{ name, value string }

// fields are in the order and the case that they came in. A message has so few
// that looking at all of them is quicker than a map.
type fields []field

// get returns the first value, and "" if there is none.
func (f fields) get(name string) string {
	for i := range f {
		if same(f[i].name, name) {
			return f[i].value
		}
	}
	return ""
}

func (f fields) has(name string) bool {
	for i := range f {
		if same(f[i].name, name) {
			return true
		}
	}
	return false
}

func (f fields) values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range f {
			if same(f[i].name, name) && !yield(f[i].value) {
				return
			}
		}
	}
}

// set replaces all fields of that name by one, in the place of the first.
func (f *fields) set(name, value string) {
	kept, found := (*f)[:0], false
	for _, one := range *f {
		if same(one.name, name) {
			if found {
				continue
			}
			found = true
			one = field{name, value}
		}
		kept = append(kept, one)
	}
	if !found {
		kept = append(kept, field{name, value})
	}
	*f = kept
}

func (f *fields) add(name, value string) { *f = append(*f, field{name, value}) }

func (f *fields) del(name string) {
	kept := (*f)[:0]
	for _, one := range *f {
		if !same(one.name, name) {
			kept = append(kept, one)
		}
	}
	*f = kept
}

// same compares field names, which are ASCII.
func same(a, b string) bool {
	return len(a) == len(b) && (a == b || strings.EqualFold(a, b))
}

// tokens are the elements of a list of tokens (RFC 9110, 5.6.1).
func tokens(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for list != "" {
			var one string
			one, list, _ = strings.Cut(list, ",")
			if one = trim(one); one != "" && !yield(one) {
				return
			}
		}
	}
}

func hasToken(f fields, name, token string) bool {
	for v := range f.values(name) {
		for t := range tokens(v) {
			if same(t, token) {
				return true
			}
		}
	}
	return false
}

// trim cuts optional white space (RFC 9110, 5.6.3).
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
