package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

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

func (p *place) writePair(a *authority.Authority, name string) {
	p.t.Helper()
	cert, key := a.Pair(name)
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
