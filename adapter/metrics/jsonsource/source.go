package jsonsource

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/internal/fetch"
	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Source reads a JSON document at each collection, and makes points of it by
// rules. Its fields must not be changed once it was used. The zero value is not
// valid: it needs one of URL and File, and Rules.
type Source struct {
	// URL is where the document is: "http://host:port/path", also with
	// user:password@, or of a unix socket "unix:path:/path", whose path is one in
	// the root. Empty: it is in File.
	URL string

	// File is the path of the document, if it is relative one in the root. Empty:
	// it is at URL.
	File string

	// Rules are what is made of it. They must not be empty. [ReadRules] reads them
	// from a file.
	Rules []Rule

	// Strict makes each fault an error of the collection: a value that its rule
	// can't take, or none at all of one that is not Optional. Without it the point
	// is left out, logged and counted, and the others are there.
	Strict bool

	// MaxBytes is how large a document may be. 0: 16 MiB. Negative or above 1 GiB
	// is an error.
	MaxBytes int64

	mu     sync.Mutex
	client fetch.Client
	plan   *plan
	doc    document
	self   *metrics.Labels
	stats  Stats
}

// Stats are what a Source has done since it was made.
type Stats struct {
	Documents uint64 // that were read
	Values    uint64 // that rules took
	Faults    uint64 // values that they did not, and those that were not there
	Last      error  // the last fault; nil: there was none
}

const defaultMaxBytes = 16 << 20

var (
	_ metrics.Source    = (*Source)(nil)
	_ metrics.Validator = (*Source)(nil)
	_ fmt.Stringer      = (*Source)(nil)
)

// String returns the source's name: json, and after a slash the file, or the host
// or socket of URL.
func (s *Source) String() string {
	if path, ok := strings.CutPrefix(s.URL, "unix:"); ok {
		return "json/" + strings.TrimPrefix(path, "/")
	}
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
		return "json/" + u.Host
	}
	return "json/" + strings.TrimPrefix(s.File, "/")
}

// Stats returns what s has done. It may be called at any time.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Validate returns what is wrong with the fields.
func (s *Source) Validate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin()
}

// begin is called with mu held.
func (s *Source) begin() error {
	if s.plan != nil {
		return nil
	}
	if s.MaxBytes < 0 || s.MaxBytes > 1<<30 {
		return fmt.Errorf("MaxBytes: %d, want up to %d", s.MaxBytes, 1<<30)
	}
	if (s.URL == "") == (s.File == "") {
		return fmt.Errorf("URL: %q and File: %q, want one of them", s.URL, s.File)
	}
	if s.URL != "" {
		// EndsByClose, because a document shows whether it is whole.
		s.client = fetch.Client{URL: s.URL, Limit: s.limit(), Accept: "application/json", EndsByClose: true}
		if err := s.client.Validate(); err != nil {
			return err
		}
	}
	p, err := compile(s.Rules)
	if err != nil {
		return err
	}
	s.plan, s.self = p, metrics.NewLabels("source", s.String())
	return nil
}

func (s *Source) limit() int64 { return cmp.Or(s.MaxBytes, defaultMaxBytes) }

// Collect reads the document and adds the points. It is an error if there is
// none, if it is no JSON from its first byte to its last one, and if nothing of
// it could be taken.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		return err
	}
	text, err := s.read(ctx)
	if err != nil {
		return err
	}
	defer func() { s.doc.b = nil }()
	if err := s.doc.read(s.plan, text); err != nil {
		return fmt.Errorf("%s: %w", s.where(), err)
	}
	s.stats.Documents++
	return s.add(ctx, b)
}

// where is the document, without a password.
func (s *Source) where() string {
	if u, err := url.Parse(s.URL); err == nil && s.URL != "" {
		return u.Redacted()
	}
	return cmp.Or(s.File, s.URL)
}

func (s *Source) read(ctx context.Context) ([]byte, error) {
	if s.File != "" {
		return files.Read(sandbox.Root(ctx), s.File, s.limit())
	}
	return s.client.Bytes(ctx)
}
