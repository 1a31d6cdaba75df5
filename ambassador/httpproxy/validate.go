package httpproxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// Validate returns all that is wrong with p's fields, in one error.
func (p *Proxy) Validate() error { return p.validate() }

func (p *Proxy) validate() error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(format string, args ...any) { wrong = multierror.Append(wrong, fmt.Errorf(format, args...)) }
	if err := p.TLS.validate(); err != nil {
		add("TLS: %w", err)
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"HeaderTimeout", p.HeaderTimeout},
		{"Idle", p.Idle},
		{"DialTimeout", p.DialTimeout},
		{"Timeout", p.Timeout},
		{"DrainIdle", p.DrainIdle},
	} {
		if f.value < 0 {
			add("%s: %v is negative", f.name, f.value)
		}
	}
	if p.MaxConns < 0 {
		add("MaxConns: %d is negative", p.MaxConns)
	}
	if p.MaxHeaderBytes != 0 && (p.MaxHeaderBytes < leastHeader || p.MaxHeaderBytes > mostHeader) {
		add("MaxHeaderBytes: %d is not from %d to %d", p.MaxHeaderBytes, leastHeader, mostHeader)
	}
	if p.MaxBodyBytes < 0 {
		add("MaxBodyBytes: %d is negative", p.MaxBodyBytes)
	}
	if p.MaxIdlePerEndpoint < 0 {
		add("MaxIdlePerEndpoint: %d is negative", p.MaxIdlePerEndpoint)
	}
	p.validatePolicy(add)
	return wrong.ErrorOrNil()
}

const (
	leastHeader = 1 << 10
	mostHeader  = 16 << 20
)

// validateUpstream is for each Cluster, in the field of that name.
func validateUpstream(name string, c *upstream.Cluster, http2 bool, add func(format string, args ...any)) {
	if c == nil {
		add("%s: nil, so there is nothing to send requests to; To(\"127.0.0.1:8080\") makes one", name)
		return
	}
	if err := c.Validate(); err != nil {
		add("%s: %w", name, err)
	}
	if http2 && c.TLS != nil && (c.TLS.Config == nil || !slices.Contains(c.TLS.Config.NextProtos, "h2")) {
		add("%s: TLS: Config.NextProtos: has no \"h2\", which HTTP2 takes in TLS", name)
	}
	if !http2 && c.TLS != nil && c.TLS.Config != nil && slices.Contains(c.TLS.Config.NextProtos, "h2") {
		add("%s: TLS: Config.NextProtos: has \"h2\", and HTTP2 is not set", name)
	}
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
