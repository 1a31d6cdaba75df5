package tcpproxy

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
)

// withFiles returns what has TLS end at a Proxy, with files for db.example.
func withFiles(t *testing.T, a *authority.Authority) *TLS {
	t.Helper()
	cert, key := a.Write(t.TempDir(), "db.example")
	return &TLS{CertFile: cert, KeyFile: key}
}

var trusting = &tls.Config{ServerName: "db.example", InsecureSkipVerify: true}

// A plain server behind TLS: each direction ends by itself, and nothing is added.
func TestTLSEndsHere(t *testing.T) {
	files := withFiles(t, authority.New(t))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, first := range []string{"client", "server"} {
			r := newRig(t, &Proxy{TLS: files}, "tcp", "tcp")
			config := trusting.Clone()
			config.MaxVersion = version
			client := tls.Client(r.dialFront(), config)
			require.NoError(t, client.Handshake())
			server, err := r.backend.Accept()
			require.NoError(t, err)
			requireEcho(t, client, server)
			var one, other halfConn = client, server.(halfConn)
			if first == "server" {
				one, other = other, one
			}
			require.NoError(t, one.CloseWrite())
			requireEnd(t, other, "")
			write(t, other, "answer")
			requireRead(t, one, "answer")
			require.NoError(t, other.Close())
			requireEnd(t, one, "")
			one.Close()
			require.NoError(t, r.finish())
			require.EqualValues(t, 1, r.proxy.Stats().Completed)
		}
	}
}

// A cut is never an end: no close_notify goes out for a reset.
func TestTLSIsCut(t *testing.T) {
	files := withFiles(t, authority.New(t))
	for name, cut := range map[string]func(client *tls.Conn, server *net.TCPConn){
		"the server resets": func(_ *tls.Conn, server *net.TCPConn) { server.SetLinger(0); server.Close() },
		"the client resets": func(client *tls.Conn, _ *net.TCPConn) { reset(client) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, &Proxy{TLS: files}, "tcp", "tcp")
			client := tls.Client(r.dialFront(), trusting)
			require.NoError(t, client.Handshake())
			c, err := r.backend.Accept()
			require.NoError(t, err)
			server := c.(*net.TCPConn)
			requireEcho(t, client, server)
			cut(client, server)
			other := net.Conn(server)
			if name == "the server resets" {
				other = client
			}
			_, err = io.ReadAll(other)
			require.ErrorIs(t, err, syscall.ECONNRESET)
			require.NoError(t, r.finish())
			got := r.proxy.Stats()
			require.EqualValues(t, 1, got.ClientResets+got.UpstreamResets)
		})
	}
}

func TestTLSHandshakeIsRefused(t *testing.T) {
	files := withFiles(t, authority.New(t))
	for name, said := range map[string]string{"silence": "", "plain": "GET / HTTP/1.1\r\n\r\n", "a part": string(hello(t, "db.example")[:50])} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, &Proxy{TLS: files, HandshakeTimeout: 3 * time.Second}, "mem", "mem")
			client := r.dialFront()
			write(t, client, said)
			began := time.Now()
			_, err := io.ReadAll(client)
			require.ErrorIs(t, err, syscall.ECONNRESET, name)
			require.Equal(t, name != "plain", time.Since(began) == 3*time.Second, name)
			require.NoError(t, r.finish())
			require.Equal(t, Stats{Accepted: 1, Refused: 1}, r.proxy.Stats())
		})
	}
}

// With routes, TLS that ends here is routed by the same name, after a header.
func TestTLSEndsAndIsRouted(t *testing.T) {
	r := prepare(t, &Proxy{TLS: withFiles(t, authority.New(t)), ProxyFrom: loopback}, "tcp", "tcp")
	r.proxy.Routes, r.proxy.Upstream = map[string]Upstream{"*.example": r.proxy.Upstream}, nil
	r.serve(r.front)
	inner := r.dialFront()
	write(t, inner, header(t, 2))
	client := tls.Client(inner, trusting)
	require.NoError(t, client.Handshake())
	server, err := r.backend.Accept()
	require.NoError(t, err)
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

func TestClientsNeedACertificate(t *testing.T) {
	a := authority.New(t)
	files := withFiles(t, a)
	files.CAFile = filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(files.CAFile, a.PEM, 0o600))
	r := newRig(t, &Proxy{TLS: files}, "tcp", "tcp")
	client := tls.Client(r.dialFront(), trusting)
	_, err := client.Read(make([]byte, 1))
	require.Error(t, err)
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	require.NoError(t, err)
	config := trusting.Clone()
	config.Certificates = []tls.Certificate{pair}
	client = tls.Client(r.dialFront(), config)
	require.NoError(t, client.Handshake())
	server, err := r.backend.Accept()
	require.NoError(t, err)
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
	got := r.proxy.Stats()
	require.EqualValues(t, 1, got.Refused)
	require.EqualValues(t, 1, got.Completed)
}

func TestTLSFilesAreMissing(t *testing.T) {
	r := prepare(t, &Proxy{TLS: &TLS{CertFile: "none.crt", KeyFile: "none.key"}}, "tcp", "tcp")
	err := r.proxy.Serve(r.box.Context(t.Context()), r.front)
	require.ErrorContains(t, err, "tcpproxy: TLS: CertFile: ")
	require.ErrorIs(t, err, os.ErrNotExist)
	r.requireOver()
	r.backend.Close()
}
