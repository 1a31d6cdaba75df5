package expvar

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/internal/fetch"
)

// A Source is one program. It must not be copied, nor its fields be changed, once
// it was used; one collection at a time.
type Source struct {
	// URL is where the variables are: "http://host:port/debug/vars", or for a unix
	// socket "unix:path:/debug/vars", whose first path is one in the container's root.
	URL string

	// Prefix is what names begin with, but those of memstats. Empty: "expvar_".
	Prefix string

	mu      sync.Mutex // held by a collection, never waited for
	client  *fetch.Client
	mallocs float64 // by which a restart is seen
	since   int64   // the sums of memstats count since then; 0: not known
	last    int64   // when the last collection was
}

var (
	_ metrics.Source    = (*Source)(nil)
	_ metrics.Validator = (*Source)(nil)
)

const (
	defaultPrefix = "expvar_"

	maxBody   = 4 << 20
	maxValues = 20_000
	maxLevels = 32
	maxKeys   = 4 // labels of a value
)

// String returns "expvar". A [metrics.Named] gives it another name.
func (s *Source) String() string { return "expvar" }

// Validate returns what is wrong with the fields.
func (s *Source) Validate() error {
	if metrics.MetricName(s.Prefix) != s.Prefix && s.Prefix != "" {
		return fmt.Errorf("Prefix: %q is not what a name of Prometheus can begin with", s.Prefix)
	}
	return s.fetcher().Validate()
}

func (s *Source) fetcher() *fetch.Client {
	return &fetch.Client{URL: s.URL, Limit: maxBody, Accept: "application/json", EndsByClose: true}
}

var errBusy = errors.New("expvar: it is being collected already")

// Collect asks the program and adds what it publishes.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	if !s.mu.TryLock() {
		return errBusy
	}
	defer s.mu.Unlock()
	if s.client == nil {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("expvar: %w", err)
		}
		s.client = s.fetcher()
	}
	body, err := s.client.Bytes(ctx)
	if err != nil {
		return fmt.Errorf("expvar: %w", err)
	}
	if err := s.read(body, b, time.Now()); err != nil {
		return fmt.Errorf("expvar: %s: %w", s.client, err)
	}
	return nil
}
