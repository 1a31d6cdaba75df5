package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/go-multierror"
)

// Validate returns all that is wrong with f's fields, and with base, which may
// be nil, as what a configuration is based on. The files are not looked at.
func (f *Files) Validate(base *tls.Config) error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(format string, args ...any) { wrong = multierror.Append(wrong, fmt.Errorf(format, args...)) }
	switch {
	case f.CertFile != "" && f.KeyFile == "":
		add("KeyFile: empty, and CertFile is %q", f.CertFile)
	case f.CertFile == "" && f.KeyFile != "":
		add("CertFile: empty, and KeyFile is %q", f.KeyFile)
	}
	if f.Interval < 0 {
		add("Interval: %v is negative", f.Interval)
	}
	if base == nil {
		return wrong.ErrorOrNil()
	}
	for _, v := range []struct {
		field   string
		version uint16
	}{{"MinVersion", base.MinVersion}, {"MaxVersion", base.MaxVersion}} {
		if v.version != 0 && v.version < tls.VersionTLS12 {
			add("Config.%s: %s is too old, TLS 1.2 is the least", v.field, tls.VersionName(v.version))
		}
	}
	own := len(base.Certificates) > 0 || base.GetCertificate != nil || base.GetClientCertificate != nil
	if own && f.CertFile != "" {
		add("CertFile: %q, and Config has certificates of its own", f.CertFile)
	}
	if (base.RootCAs != nil || base.ClientCAs != nil) && f.CAFile != "" {
		add("CAFile: %q, and Config has authorities of its own", f.CAFile)
	}
	return wrong.ErrorOrNil()
}

// Client returns the configuration of a client as it is now: base, or none, with
// what the files have. It asks for a server that CAFile has signed, or without one
// the machine's authorities. It is the same one until the files change, and
// belongs to f: Clone it to set a ServerName.
func (f *Files) Client(ctx context.Context, base *tls.Config) (*tls.Config, error) {
	s, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	return s.config(&s.client, base, func(c *tls.Config) {
		if s.pool != nil {
			c.RootCAs = s.pool
		}
	}), nil
}

// Server returns a configuration that each handshake takes the newest files for.
// With a CAFile a client has to show a certificate that it has signed, unless
// base asks for less. ctx is that of the run; it must not be nil.
func (f *Files) Server(ctx context.Context, base *tls.Config) (*tls.Config, error) {
	c, err := f.serverNow(ctx, base)
	if err != nil {
		return nil, err
	}
	if len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
		return nil, errNoServerCertificate
	}
	c = c.Clone()
	inner := c.GetConfigForClient
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if inner != nil {
			if own, err := inner(hello); own != nil || err != nil {
				return own, err
			}
		}
		return f.serverNow(ctx, base)
	}
	return c, nil
}

var errNoServerCertificate = errors.New("CertFile: empty, and a server has to have a certificate")

func (f *Files) serverNow(ctx context.Context, base *tls.Config) (*tls.Config, error) {
	s, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	return s.config(&s.server, base, func(c *tls.Config) {
		if s.pool == nil {
			return
		}
		c.ClientCAs = s.pool
		if c.ClientAuth == tls.NoClientCert {
			c.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}), nil
}

// config keeps one for each base, so that sessions can be resumed.
func (s *set) config(made *sync.Map, base *tls.Config, with func(*tls.Config)) *tls.Config {
	if c, ok := made.Load(base); ok {
		return c.(*tls.Config)
	}
	c := &tls.Config{}
	if base != nil {
		c = base.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if s.cert != nil {
		c.Certificates = []tls.Certificate{*s.cert}
		pair := s.cert // as a client always shows it, and lets the server judge it
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair, nil }
	}
	with(c)
	kept, _ := made.LoadOrStore(base, c)
	return kept.(*tls.Config)
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
