package prometheus

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"sync"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/internal/fetch"
)

// DefaultMaxBytes is how long a body or file may be where a source states nothing.
const DefaultMaxBytes = 64 << 20

// HTTP is a source of what a program serves as Prometheus text or OpenMetrics,
// which is asked for first. Its zero value lacks a URL. It must not be copied, nor
// its fields be changed, once it was used.
type HTTP struct {
	// URL is that of the page, as "http://127.0.0.1:9090/metrics", also with
	// user:password@ before the host, or "unix:app.sock:/metrics" for a socket,
	// whose path is one in the container's root.
	URL string

	// Labels are added to each series that has none of their names. Nil: none.
	Labels *metrics.Labels

	// MaxBytes is how long a body may be, unpacked. 0: DefaultMaxBytes; negative:
	// an error.
	MaxBytes int64

	// Strict is that of the Reader.
	Strict bool

	mu     sync.Mutex
	client *fetch.Client
	reader Reader
}

var (
	_ metrics.Source    = (*HTTP)(nil)
	_ metrics.Validator = (*HTTP)(nil)
)

const accept = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.6,*/*;q=0.1"

// String returns the source's name: prometheus, and after a slash the host or
// socket of URL.
func (h *HTTP) String() string {
	if path, ok := strings.CutPrefix(h.URL, "unix:"); ok {
		return "prometheus/" + strings.TrimPrefix(path, "/")
	}
	if u, err := url.Parse(h.URL); err == nil && u.Host != "" {
		return "prometheus/" + u.Host
	}
	return "prometheus"
}

// Validate tells what is wrong with the fields.
func (h *HTTP) Validate() error {
	if h.MaxBytes < 0 {
		return fmt.Errorf("MaxBytes: %d is negative", h.MaxBytes)
	}
	return h.fetcher().Validate()
}

func (h *HTTP) fetcher() *fetch.Client {
	return &fetch.Client{
		URL:         h.URL,
		Limit:       cmp.Or(h.MaxBytes, DefaultMaxBytes),
		Accept:      accept,
		EndsByClose: true, // small servers speak HTTP/1.0; the last line has to be whole
	}
}

// Collect asks for the page.
func (h *HTTP) Collect(ctx context.Context, b *metrics.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.Validate(); err != nil {
		return err
	}
	if h.client == nil {
		h.client = h.fetcher()
	}
	body, err := h.client.Get(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	h.reader.Strict, h.reader.Labels = h.Strict, h.Labels
	read := h.reader.Text
	if kind, _, err := mime.ParseMediaType(body.Header.Get("Content-Type")); err == nil {
		switch kind {
		case "application/openmetrics-text":
			read = h.reader.OpenMetrics
		case "text/html", "application/json", "application/vnd.google.protobuf":
			return fmt.Errorf("%s has %s, which is no Prometheus text", h, kind)
		}
	}
	return read(body, b)
}
