package push

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Validate returns all that is wrong with the fields. The Collector calls it when
// its run begins.
func (s *Sink) Validate() error {
	if s == nil {
		return errors.New("nil *push.Sink")
	}
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(format string, args ...any) { wrong = multierror.Append(wrong, fmt.Errorf(format, args...)) }

	if what := wrongURL(s.URL); what != "" {
		add("URL: %q %s", bare(s.URL), what)
	}
	if s.Format == nil {
		add("Format: nil, so it is not known what the server wants")
	} else {
		s.Format.validate(add)
		if all := s.Format.compressions(); s.Compression != "" && !slices.Contains(all, s.Compression) {
			add("Compression: %q is not one of %q, which are what %T may have", s.Compression, all, s.Format)
		}
	}
	seen := map[string]bool{}
	for _, name := range sorted(s.Headers) {
		key := http.CanonicalHeaderKey(name)
		switch {
		case seen[key]:
			add("Headers: %q is there in another spelling too", name)
		case !isToken(name):
			add("Headers: %q is no name for a header", name)
		case slices.Contains([]string{"Content-Length", "Content-Encoding", "Transfer-Encoding"}, key):
			add("Headers: %q follows from the request", name)
		case !isHeaderValue(s.Headers[name]):
			add("Headers: the value of %q can't be sent in a header", name)
		}
		seen[key] = true
	}
	if s.MaxRequestBytes < 0 {
		add("MaxRequestBytes: %d is negative", s.MaxRequestBytes)
	}
	if s.Timeout < 0 {
		add("Timeout: %v is negative", s.Timeout)
	}
	return wrong.ErrorOrNil()
}

func (s *Sink) compression() Compression {
	if s.Compression != "" {
		return s.Compression
	}
	return s.Format.compressions()[0]
}

func wrongURL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "is empty, so there is nowhere to send to"
	case err != nil:
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is neither http nor https"
	case u.Hostname() == "":
		return "has no host"
	}
	return ""
}

// bare is a URL without what may be secret: its user, password and query.
func bare(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Opaque == "" {
		u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
		return u.String()
	}
	if !strings.ContainsAny(raw, "@?#") {
		return raw
	}
	scheme, _, _ := strings.Cut(raw, ":") // which parts the rest has is anybody's guess
	return scheme + ":…"
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		return !letter && !('0' <= r && r <= '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
