package httpproxy

import (
	"context"
	"crypto/tls"
	"slices"

	"github.com/podpatterns/podpatterns/internal/certs"
)

// TLS is what a [Proxy] that ends TLS shows its clients. Its files are followed
// while it serves: a handshake takes the newest ones, read at most once a second,
// and as long as those do not fit together, the last good ones. A relative path is
// one in the container's root. At first they have to be good, or Serve returns why
// they are not.
type TLS struct {
	CertFile string // PEM: the certificate, then its chain
	KeyFile  string // PEM: the key of CertFile
	CAFile   string // PEM: who has to have signed the certificate of each client; empty: clients need none

	// Config is what the rest is taken from, as the certificates instead of those
	// of the files, chosen by name. Without NextProtos of its own clients are
	// offered "h2" and "http/1.1". nil means the defaults of crypto/tls. TLS 1.2 is
	// the least.
	Config *tls.Config
}

func (t *TLS) files() *certs.Files {
	return &certs.Files{CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile}
}

// validate returns what is wrong with t's fields. The files are not looked at.
func (t *TLS) validate() error {
	if t == nil {
		return nil
	}
	return t.files().Validate(t.Config)
}

// server returns the configuration of one run, and none where t is nil.
func (t *TLS) server(ctx context.Context) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	base := &tls.Config{}
	if t.Config != nil {
		base = t.Config.Clone()
	}
	if len(base.NextProtos) == 0 {
		base.NextProtos = slices.Clone(alpn)
	}
	return t.files().Server(ctx, base)
}

var alpn = []string{"h2", "http/1.1"}
