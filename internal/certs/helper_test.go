package certs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// An authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	a.cert, a.key, a.pem = a.make("authority", true)
	return a
}

func (a *authority) make(name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	parent, signer := a.cert, a.key
	if isCA {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (a *authority) pair(name string) (cert, key []byte) {
	_, private, cert := a.make(name, false)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(a.t, err)
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// A place is a root with files, and a log.
type place struct {
	t   *testing.T
	dir string
	ctx context.Context
	log bytes.Buffer
}

func newPlace(t *testing.T) *place {
	p := &place{t: t, dir: t.TempDir()}
	root, err := os.OpenRoot(p.dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	box := &sandbox.Sandbox{Root: root, Logger: slog.New(slog.NewTextHandler(&p.log, nil))}
	p.ctx = box.Context(t.Context())
	return p
}

func (p *place) write(name string, text []byte) {
	p.t.Helper()
	require.NoError(p.t, os.MkdirAll(filepath.Dir(filepath.Join(p.dir, name)), 0o755))
	require.NoError(p.t, os.WriteFile(filepath.Join(p.dir, name), text, 0o600))
}

func (p *place) writePair(a *authority, name string) {
	p.t.Helper()
	cert, key := a.pair(name)
	p.write("tls.crt", cert)
	p.write("tls.key", key)
}

// shake has both sides shake hands, and returns what each saw of the other.
func (p *place) shake(client, server *tls.Config) (at tls.ConnectionState, clientErr, serverErr error) {
	p.t.Helper()
	there, here := net.Pipe()
	defer there.Close()
	defer here.Close()
	deadline := time.Now().Add(10 * time.Second)
	require.NoError(p.t, there.SetDeadline(deadline))
	require.NoError(p.t, here.SetDeadline(deadline))
	ctx := p.ctx
	served := make(chan error, 1)
	s := tls.Server(here, server)
	go func() {
		err := s.HandshakeContext(ctx)
		if err == nil {
			_, err = s.Write([]byte("!"))
		}
		here.Close()
		served <- err
	}()
	c := tls.Client(there, client)
	clientErr = c.HandshakeContext(ctx)
	if clientErr == nil { // in TLS 1.3 the server's refusal comes after the client is done
		_, clientErr = io.ReadFull(c, make([]byte, 1))
	}
	there.Close()
	serverErr = <-served
	return s.ConnectionState(), clientErr, serverErr
}

// served is the name in the certificate that a server shows.
func (p *place) served(server *tls.Config) string {
	p.t.Helper()
	var name string
	_, clientErr, serverErr := p.shake(&tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		name = s.PeerCertificates[0].Subject.CommonName
		return nil
	}}, server)
	require.NoError(p.t, clientErr)
	require.NoError(p.t, serverErr)
	return name
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}
