package push

import (
	"context"
	"net/http"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A run is what a Sink has during one run of its Collector, which is one context.
type run struct {
	id     <-chan struct{} // the context's Done
	client *http.Client
	enc    encoder
	pack   packer
	stamp  func(path string, line []byte) (time.Time, bool)

	limit  int    // bytes of a request
	raw    []byte // the request, before compression
	failed *try   // of the batch that comes again; nil: the last one was delivered
}

// begin returns the run that ctx is of.
func (s *Sink) begin(ctx context.Context) (*run, error) {
	if s.run != nil && s.run.id == ctx.Done() {
		return s.run, nil
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	client, release := s.client()
	context.AfterFunc(ctx, release)
	s.run = &run{
		id:     ctx.Done(),
		client: client,
		enc:    s.Format.encoder(),
		pack:   packer{by: s.compression()},
		stamp:  s.Time,
		limit:  s.maxRequestBytes(),
	}
	return s.run, nil
}

// client returns what sends the requests, and what closes the connections that
// are the Sink's own.
func (s *Sink) client() (c *http.Client, release func()) {
	if s.Client != nil {
		own := *s.Client
		c, release = &own, func() {}
	} else {
		t := &http.Transport{
			DialContext:            sandbox.Dial,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxAnswer,
			DisableCompression:     true,
		}
		c, release = &http.Client{Transport: t}, t.CloseIdleConnections
	}
	// Followed, a POST may become a GET that any server answers with 200.
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, release
}

func sleepUntil(ctx context.Context, at time.Time) error {
	left := time.Until(at)
	if left <= 0 {
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
