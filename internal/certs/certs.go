package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const (
	defaultInterval = time.Second
	sizeLimit       = 4 << 20 // of a file; the bundle of all public authorities is 250 KB
)

// Files are the files of one side of TLS. Its zero value has none and is valid.
// It must not be copied, nor its fields be changed, once it was used.
type Files struct {
	CertFile string        // PEM: the leaf, then its chain; empty: no certificate
	KeyFile  string        // PEM: the key of CertFile, and given if that is
	CAFile   string        // PEM: who may sign the other side's certificate; empty: no opinion
	Interval time.Duration // how seldom the files are looked at, at most; 0: 1 s

	mu      sync.Mutex
	current *set
	looked  time.Time
	looking bool
	failed  string // why current is not the newest, as it was logged
}

// A set is what the files had when they were last good.
type set struct {
	content [3][]byte
	cert    *tls.Certificate // nil without a CertFile
	pool    *x509.CertPool   // nil without a CAFile

	client, server sync.Map // *tls.Config by the *tls.Config that it is based on
}

// Load has the files read for the first time, so that what is wrong with them is
// known before a connection needs them.
func (f *Files) Load(ctx context.Context) error {
	_, err := f.load(ctx)
	return err
}

// load returns the newest good set.
func (f *Files) load(ctx context.Context) (*set, error) {
	f.mu.Lock()
	old := f.current
	if old != nil && (f.looking || time.Since(f.looked) < f.interval()) {
		f.mu.Unlock()
		return old, nil
	}
	f.looking = true
	f.mu.Unlock()

	s, err := f.read(ctx, old)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.looking, f.looked = false, time.Now()
	if err != nil {
		if f.current == nil {
			return nil, err
		}
		if why := err.Error(); why != f.failed {
			f.failed = why
			sandbox.Logger(ctx).Warn("certificates cannot be renewed, the last good ones are kept", "err", err)
		}
		return f.current, nil
	}
	if old != nil && (s != old || f.failed != "") {
		sandbox.Logger(ctx).Info("certificates renewed", s.attributes()...)
	}
	f.current, f.failed = s, ""
	return s, nil
}

func (f *Files) interval() time.Duration {
	if f.Interval > 0 {
		return f.Interval
	}
	return defaultInterval
}

// read returns old if nothing has changed.
func (f *Files) read(ctx context.Context, old *set) (*set, error) {
	s := &set{}
	for i, file := range [...]struct{ field, path string }{
		{"CertFile", f.CertFile},
		{"KeyFile", f.KeyFile},
		{"CAFile", f.CAFile},
	} {
		if file.path == "" {
			continue
		}
		var err error
		if s.content[i], err = files.Read(sandbox.Root(ctx), file.path, sizeLimit); err != nil {
			return nil, fmt.Errorf("%s: %w", file.field, err)
		}
	}
	if old != nil && slices.EqualFunc(s.content[:], old.content[:], slices.Equal) {
		return old, nil
	}
	if f.CertFile != "" {
		if _, err := certificates(s.content[0]); err != nil {
			return nil, fmt.Errorf("CertFile: %s: %w", f.CertFile, err)
		}
		pair, err := tls.X509KeyPair(s.content[0], s.content[1])
		if err != nil {
			return nil, fmt.Errorf("CertFile: %s with KeyFile: %s: %w", f.CertFile, f.KeyFile, err)
		}
		s.cert = &pair
	}
	if f.CAFile != "" {
		all, err := certificates(s.content[2])
		if err != nil {
			return nil, fmt.Errorf("CAFile: %s: %w", f.CAFile, err)
		}
		s.pool = x509.NewCertPool()
		for _, c := range all {
			s.pool.AddCert(c)
		}
	}
	return s, nil
}

func (s *set) attributes() []any {
	if s.cert == nil {
		return nil
	}
	return []any{"subject", s.cert.Leaf.Subject.String(), "until", s.cert.Leaf.NotAfter}
}
