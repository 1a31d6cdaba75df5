// Package nginx reads the metrics that nginx shows by its module stub_status.
//
//	location = /stub_status { stub_status; }
//
// Names are those of nginx-prometheus-exporter, but for the _total that counters
// have to have:
//
//	nginx_connections_active          with those that wait
//	nginx_connections_reading         the head of a request
//	nginx_connections_writing         an answer
//	nginx_connections_waiting         for a request
//	nginx_connections_accepted_total
//	nginx_connections_handled_total   less than accepted, where a limit was reached
//	nginx_http_requests_total
//
// The three sums are told by the names above them, so that a server which shows
// more there, as Tengine does, is read too. When nginx was started is not known; a
// sum that has become smaller counts since the collection before. Body and time
// are bounded, see package metrics: 64 KiB, and the context's end.
package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/internal/fetch"
)

// A Source is one nginx. It must not be copied, nor its field be changed, once it
// was used; one collection at a time.
type Source struct {
	// URL is where stub_status is: "http://host:port/path", or for a unix socket
	// "unix:path:/path", whose first path is one in the container's root.
	URL string

	mu     sync.Mutex // held by a collection, never waited for
	client *fetch.Client
	before status
	since  int64 // the sums count since then; 0: not known
	last   int64 // when before was
}

var (
	_ metrics.Source    = (*Source)(nil)
	_ metrics.Validator = (*Source)(nil)
)

const maxBody = 64 << 10

// String returns "nginx". A [metrics.Named] gives it another name.
func (s *Source) String() string { return "nginx" }

// Validate returns what is wrong with the field.
func (s *Source) Validate() error { return s.fetcher().Validate() }

func (s *Source) fetcher() *fetch.Client { return &fetch.Client{URL: s.URL, Limit: maxBody} }

var errBusy = errors.New("nginx: it is being collected already")

// Collect asks nginx and adds what it shows.
func (s *Source) Collect(ctx context.Context, b *metrics.Batch) error {
	if !s.mu.TryLock() {
		return errBusy
	}
	defer s.mu.Unlock()
	if s.client == nil {
		s.client = s.fetcher()
	}
	body, err := s.client.Bytes(ctx)
	if err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	now, err := parse(body)
	if err != nil {
		return fmt.Errorf("nginx: %s: %w", s.client, err)
	}
	if old := &s.before; now.accepts < old.accepts || now.handled < old.handled || now.requests < old.requests {
		s.since = s.last
	}
	s.before, s.last = now, time.Now().UnixNano()
	s.add(b, &now)
	return nil
}

func (s *Source) add(b *metrics.Batch, now *status) {
	for _, m := range [...]struct {
		name, help string
		kind       metrics.Kind
		v          int64
	}{
		{"connections_active", "Connections that are open, those that wait included.", metrics.Gauge, now.active},
		{"connections_reading", "Connections on which the head of a request is being read.", metrics.Gauge, now.reading},
		{"connections_writing", "Connections on which an answer is being written.", metrics.Gauge, now.writing},
		{"connections_waiting", "Connections that wait for a request.", metrics.Gauge, now.waiting},
		{"connections_accepted_total", "Connections that were accepted.", metrics.Counter, now.accepts},
		{"connections_handled_total", "Connections that were handled, and not dropped for a limit.", metrics.Counter, now.handled},
		{"http_requests_total", "Requests of clients.", metrics.Counter, now.requests},
	} {
		p := b.Family(metrics.Desc{Name: "nginx_" + m.name, Kind: m.kind, Help: m.help, Verbatim: true}).Add(nil, metrics.Int(m.v))
		if m.kind == metrics.Counter {
			p.Start = s.since
		}
	}
}

// status is what the page says.
type status struct{ active, accepts, handled, requests, reading, writing, waiting int64 }

var errNotStatus = errors.New("it is no page of stub_status")

// parse takes names and numbers: a number is of the name before it with a colon,
// or of the name above it.
func parse(page []byte) (status, error) {
	var s status
	missing := map[string]*int64{
		"Active connections": &s.active, "Reading": &s.reading, "Writing": &s.writing, "Waiting": &s.waiting,
		"accepts": &s.accepts, "handled": &s.handled, "requests": &s.requests,
	}
	set := func(name string, number []byte) bool {
		to := missing[name]
		if to == nil {
			return true
		}
		delete(missing, name)
		n, err := strconv.ParseInt(string(number), 10, 64)
		*to = n
		return err == nil && n >= 0
	}
	var above [][]byte
	for line := range bytes.Lines(page) {
		words := bytes.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case string(words[0]) == "server":
			above = words[1:]
			continue
		case above != nil:
			for i, name := range above {
				if i >= len(words) || !set(string(name), words[i]) {
					return status{}, errNotStatus
				}
			}
			above = nil
			continue
		case string(words[0]) == "Active" && len(words) == 3:
			words = [][]byte{[]byte("Active connections:"), words[2]}
		}
		for ; len(words) > 1; words = words[2:] {
			name, ok := bytes.CutSuffix(words[0], []byte(":"))
			if !ok || !set(string(name), words[1]) {
				return status{}, errNotStatus
			}
		}
	}
	if len(missing) > 0 {
		return status{}, errNotStatus
	}
	return s, nil
}
