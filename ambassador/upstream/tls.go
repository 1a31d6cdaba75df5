package upstream

import (
	"context"
	"crypto/tls"
	"sync"

	"github.com/podpatterns/podpatterns/internal/certs"
)

// TLS says how connections to the endpoints are encrypted. Its zero value asks for
// a certificate by an authority that the machine trusts, for the endpoint's name.
//
// The files are followed: they are looked at when a connection is made, at most
// once a second, and are taken when all of them are whole and fit together, be
// they written in place, renamed over, or behind the ..data link of Kubernetes.
// Until then the last good ones are used, and that is logged once. A relative path
// is one in the container's root. It must not be copied once it is used; several
// clusters may share it.
type TLS struct {
	CertFile   string // PEM: the certificate to show, then its chain; empty: none
	KeyFile    string // PEM: the key of CertFile
	CAFile     string // PEM: who signs the endpoints' certificates; empty: the machine's authorities, or Config.RootCAs
	ServerName string // what their certificates are for; empty: Config's, the Endpoint's, or its address's host

	// Config has what else there is to say, as NextProtos. TLS 1.2 is the least,
	// also if it says nothing. nil: nothing.
	Config *tls.Config

	once  sync.Once
	files certs.Files
}

func (t *TLS) of() *certs.Files {
	t.once.Do(func() { t.files.CertFile, t.files.KeyFile, t.files.CAFile = t.CertFile, t.KeyFile, t.CAFile })
	return &t.files
}

func (t *TLS) validate() error {
	f := certs.Files{CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile}
	return f.Validate(t.Config)
}

// client is the configuration for one endpoint as it is now.
func (t *TLS) client(ctx context.Context, to *target) (*tls.Config, error) {
	config, err := t.of().Client(ctx, t.Config)
	if err != nil {
		return nil, err
	}
	name := t.ServerName
	if name == "" && config.ServerName == "" {
		name = to.ServerName
	}
	if name == "" && config.ServerName == "" {
		name = to.at.Host
	}
	if name != "" {
		config = config.Clone()
		config.ServerName = name
	}
	return config, nil
}
