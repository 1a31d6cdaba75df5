package metrics

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/podpatterns/podpatterns/internal/certs"
)

// serverTLS makes what handshakes take from the files that t names, which are
// followed when they change.
func (t *webTLS) serverTLS(ctx context.Context, http2 bool) (*tls.Config, error) {
	base := &tls.Config{
		ClientAuth: tls.ClientAuthType(t.ClientAuth),
		MinVersion: uint16(t.Min),
		MaxVersion: uint16(t.Max),
		NextProtos: []string{"http/1.1"},
	}
	if http2 {
		base.NextProtos = []string{"h2", "http/1.1"}
	}
	for _, c := range t.Ciphers {
		base.CipherSuites = append(base.CipherSuites, uint16(c))
	}
	for _, c := range t.Curves {
		base.CurvePreferences = append(base.CurvePreferences, tls.CurveID(c))
	}
	if t.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(t.Cert), []byte(t.Key))
		if err != nil {
			return nil, fmt.Errorf("cert with key: %w", err)
		}
		base.Certificates = []tls.Certificate{pair}
	}
	if t.ClientCA != "" {
		base.ClientCAs = x509.NewCertPool()
		if !base.ClientCAs.AppendCertsFromPEM([]byte(t.ClientCA)) {
			return nil, errors.New("client_ca: no certificate in it")
		}
	}
	if len(t.AllowedSANs) > 0 {
		base.VerifyConnection = t.allowed
	}
	files := &certs.Files{CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile}
	if err := files.Validate(base); err != nil {
		return nil, err
	}
	return files.Server(ctx, base)
}

// allowed holds that the client's certificate has one of the names that are allowed.
// It is asked on resumption too, when VerifyPeerCertificate is not.
func (t *webTLS) allowed(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("no client certificate")
	}
	leaf := s.PeerCertificates[0]
	names := slices.Concat(leaf.DNSNames, leaf.EmailAddresses)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	for _, uri := range leaf.URIs {
		names = append(names, uri.String())
	}
	if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(t.AllowedSANs, n) }) {
		return fmt.Errorf("none of the client certificate's names %q is in client_allowed_sans", names)
	}
	return nil
}
