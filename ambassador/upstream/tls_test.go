package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
)

// serveTLS serves TLS for any name that a client of the authority asks for, and
// says the client's own.
func serveTLS(w *world, a *authority.Authority, address string, clientCAs *x509.CertPool) {
	b := w.backend(address)
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert := a.Sign(hello.ServerName)
		return &cert, nil
	}}
	if clientCAs != nil {
		config.ClientCAs, config.ClientAuth = clientCAs, tls.RequireAndVerifyClientCert
	}
	b.handle = func(c net.Conn) {
		s := tls.Server(c, config)
		if s.Handshake() != nil {
			return
		}
		who := s.ConnectionState().ServerName
		for _, peer := range s.ConnectionState().PeerCertificates {
			who += " " + peer.Subject.CommonName
		}
		io.WriteString(s, who+"\n")
		io.Copy(io.Discard, s)
		s.Close()
	}
}

func TestMutualTLSWithRotation(t *testing.T) {
	inWorld(t, func(w *world) {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		require.NoError(t, err)
		defer root.Close()
		w.box.Root = root
		servers, clients := authority.New(t), authority.New(t)
		serveTLS(w, servers, "db:1", clients.Pool())
		c := &Cluster{
			Endpoints: To("db:1"), TLS: &TLS{CertFile: "tls.crt", KeyFile: "tls.key", CAFile: "ca.crt"},
			Check: &Check{},
		}
		require.ErrorContains(t, c.Run(w.ctx), "upstream: TLS: CertFile: ")
		clients.Write(dir, "one")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.crt"), servers.PEM, 0o600))
		stop := w.run(c)
		require.NoError(t, c.Ready(w.ctx))
		conn, who := w.open(c)
		require.Equal(t, "db one", who)
		require.Nil(t, conn.(rawer).Raw())
		require.IsType(t, &tls.Conn{}, conn.(interface{ NetConn() net.Conn }).NetConn())
		require.NoError(t, conn.(writeCloser).CloseWrite())
		_, err = io.ReadAll(conn)
		require.NoError(t, err)
		require.NoError(t, conn.Close())

		clients.Write(dir, "two")
		time.Sleep(2 * time.Second)
		require.Equal(t, "db two", w.visit(c))
		require.Equal(t, 1, w.records("certificates renewed"), "%s", w.log.String())
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tls.key"), []byte("half"), 0o600))
		time.Sleep(2 * time.Second)
		require.Equal(t, "db two", w.visit(c))
		require.Equal(t, 1, w.records("certificates cannot be renewed"), "%s", w.log.String())

		clients.Write(dir, "two")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.crt"), clients.PEM, 0o600))
		time.Sleep(2 * time.Second)
		_, err = c.Dial(w.ctx)
		require.ErrorContains(t, err, "db:1: TLS: tls: failed to verify certificate")
		time.Sleep(time.Minute)
		require.Equal(t, Unhealthy, c.of("db:1").State, "checks shake hands as well")
		stop()
	})
}

func TestServerNames(t *testing.T) {
	inWorld(t, func(w *world) {
		a := authority.New(t)
		serveTLS(w, a, "db:1", nil)
		pool := a.Pool()
		for want, c := range map[string]*Cluster{
			"db":    {Endpoints: To("db:1"), TLS: &TLS{Config: &tls.Config{RootCAs: pool}}},
			"named": {Endpoints: Static{{Address: "db:1", ServerName: "named"}}, TLS: &TLS{Config: &tls.Config{RootCAs: pool}}},
			"conf":  {Endpoints: Static{{Address: "db:1", ServerName: "named"}}, TLS: &TLS{Config: &tls.Config{RootCAs: pool, ServerName: "conf"}}},
			"own":   {Endpoints: Static{{Address: "db:1", ServerName: "named"}}, TLS: &TLS{ServerName: "own", Config: &tls.Config{RootCAs: pool, ServerName: "conf"}}},
		} {
			require.Equal(t, want, w.visit(c))
		}
	})
}

// A server that says nothing costs its time and no more.
func TestHandshakeTimesOut(t *testing.T) {
	inWorld(t, func(w *world) {
		b := w.backend("a:1")
		b.handle = func(c net.Conn) { io.Copy(io.Discard, c) }
		c := &Cluster{Endpoints: To("a:1"), TLS: &TLS{}, TryTimeout: time.Second}
		began := time.Now()
		_, err := c.Dial(w.ctx)
		require.ErrorContains(t, err, "a:1: ")
		require.Equal(t, time.Second, time.Since(began))
		require.EqualValues(t, 1, c.of("a:1").Failed)
		require.Zero(t, c.Stats().Active)
	})
}

// What this side lacks is no fault of the endpoint.
func TestMissingCertificateIsLocal(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		c := &Cluster{Endpoints: To("a:1"), TLS: &TLS{CertFile: "/nowhere/c", KeyFile: "/nowhere/k"}, Breaker: &Breaker{Failures: 1}}
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.Equal(t, Healthy, c.of("a:1").State)
	})
}

// What a function of TLS.Config does to its goroutine costs neither a lease nor a
// connection.
func TestDialThatDoesNotReturn(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("mine") }, "Goexit": runtime.Goexit} {
		inWorld(t, func(w *world) {
			cert := authority.New(t).Sign("a")
			closed := make(chan bool)
			w.backend("a:1").handle = func(c net.Conn) {
				s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
				s.Handshake()
				io.Copy(io.Discard, c)
				close(closed)
			}
			c := &Cluster{Endpoints: To("a:1"), MaxConns: 1, TLS: &TLS{Config: &tls.Config{
				InsecureSkipVerify: true,
				VerifyConnection:   func(tls.ConnectionState) error { end(); return nil },
			}}}
			go func() {
				defer func() { recover() }()
				c.Dial(w.ctx)
			}()
			<-closed
			synctest.Wait()
			require.Zero(t, c.Stats().Active, name)
		})
	}
}
