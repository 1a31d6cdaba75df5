// Package authority signs certificates for the tests of other packages.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority signs certificates that are good for a day.
type Authority struct {
	Cert *x509.Certificate // its own
	PEM  []byte            // of Cert

	t   testing.TB
	key *ecdsa.PrivateKey
}

// New returns an authority that ends t when something fails.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t}
	a.key = a.newKey()
	template := a.template("authority")
	template.IsCA = true
	a.Cert = a.sign(template, template, &a.key.PublicKey)
	a.PEM = encode("CERTIFICATE", a.Cert.Raw)
	return a
}

// Sign returns a certificate for a name, of a server or a client.
func (a *Authority) Sign(name string) tls.Certificate {
	a.t.Helper()
	key := a.newKey()
	cert := a.sign(a.template(name), a.Cert, &key.PublicKey)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// Pair is Sign in PEM.
func (a *Authority) Pair(name string) (cert, key []byte) {
	a.t.Helper()
	pair := a.Sign(name)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	a.must(err)
	return encode("CERTIFICATE", pair.Leaf.Raw), encode("PRIVATE KEY", der)
}

// Write writes a Pair to tls.crt and tls.key in a directory, and returns their paths.
func (a *Authority) Write(dir, name string) (certFile, keyFile string) {
	a.t.Helper()
	cert, key := a.Pair(name)
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	a.must(os.WriteFile(certFile, cert, 0o600))
	a.must(os.WriteFile(keyFile, key, 0o600))
	return certFile, keyFile
}

// Pool has the authority's own certificate.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return pool
}

func (a *Authority) newKey() *ecdsa.PrivateKey {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	return key
}

func (a *Authority) template(name string) *x509.Certificate {
	a.t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	a.must(err)
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
}

func (a *Authority) sign(template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	a.must(err)
	cert, err := x509.ParseCertificate(der)
	a.must(err)
	return cert
}

func (a *Authority) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
