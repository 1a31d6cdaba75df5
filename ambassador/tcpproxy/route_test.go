package tcpproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// clientHello is what a client of crypto/tls says first.
func clientHello(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	ours, its := net.Pipe()
	defer ours.Close()
	go func() {
		tls.Client(its, config).Handshake()
		its.Close()
	}()
	r := &recorder{Conn: ours}
	_, _, err := readHello(r)
	require.NoError(t, err)
	return r.read.Bytes()
}

func hello(t testing.TB, name string) []byte {
	return clientHello(t, &tls.Config{ServerName: name, InsecureSkipVerify: true})
}

type noUpstream struct{ name string }

func (noUpstream) Dial(context.Context) (net.Conn, error) { return nil, io.EOF }

func TestRoute(t *testing.T) {
	up := func(name string) Upstream { return noUpstream{name} }
	p := &Proxy{Upstream: up("other"), Routes: map[string]Upstream{
		"db.example": up("db"), "*.example": up("any"), "*.eu.example": up("eu"), "x.eu.example": up("x"),
	}}
	for name, want := range map[string]string{
		"db.example": "db", "DB.Example": "db", "a.example": "any", "a.b.example": "any", "a.eu.example": "eu", "a.b.eu.example": "eu",
		"x.eu.example": "x", "y.x.eu.example": "eu", "example": "other", "eu.example": "any", "": "other", ".": "other", "*.example": "any",
		"a.example.": "other", "adb.example2": "other", ".example": "any",
	} {
		require.Equal(t, up(want), p.route(name), name)
	}
	p.Upstream = nil
	require.Nil(t, p.route("example"))
}

// TLS is routed by its name, and goes on as it was sent, byte by byte.
func TestRoutesPassTLSThrough(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	for _, piece := range []int{1, 100, 1 << 20} {
		r := prepare(t, &Proxy{Upstream: To("hole:1")}, "tcp", "tcp")
		r.proxy.Routes = map[string]Upstream{"db.example": To(r.backend.Addr().String())}
		r.serve(r.front)
		inner := r.dialFront()
		client := tls.Client(&pieces{inner, piece}, &tls.Config{ServerName: "db.example", InsecureSkipVerify: true})
		greeted := make(chan error, 1)
		go func() { greeted <- client.Handshake() }()
		c, err := r.backend.Accept()
		require.NoError(t, err)
		server := tls.Server(c, &tls.Config{Certificates: certified.TLS.Certificates})
		require.NoError(t, server.Handshake())
		require.NoError(t, <-greeted)
		require.Equal(t, "db.example", server.ConnectionState().ServerName)
		requireEcho(t, client, server)
		require.NoError(t, client.CloseWrite())
		requireEnd(t, server, "")
		require.NoError(t, inner.CloseWrite())
		write(t, server, "answer")
		require.NoError(t, server.Close())
		requireEnd(t, client, "answer")
		client.Close()
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	}
}

// pieces writes no more than so many bytes at once.
type pieces struct {
	net.Conn
	most int
}

func (p *pieces) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		n, err := p.Conn.Write(b[done:min(len(b), done+p.most)])
		if done += n; err != nil {
			return done, err
		}
	}
	return len(b), nil
}

// What no route is for goes to Upstream, or is refused without one.
func TestRouteOfOthers(t *testing.T) {
	for name, said := range map[string][]byte{"another name": hello(t, "other.example"), "no name": hello(t, "")} {
		synctest.Test(t, func(t *testing.T) {
			r := prepare(t, &Proxy{}, "mem", "mem")
			r.proxy.Routes = map[string]Upstream{"db.example": To("hole:1")}
			r.serve(r.front)
			client, server := r.connectSaying(string(said))
			requireRead(t, server, string(said))
			closeBoth(t, client, server)
			require.NoError(t, r.finish())
		})
		synctest.Test(t, func(t *testing.T) {
			r := prepare(t, &Proxy{}, "mem", "mem")
			r.proxy.Routes, r.proxy.Upstream = map[string]Upstream{"db.example": r.proxy.Upstream}, nil
			r.serve(r.front)
			client := r.dialFront()
			write(t, client, string(said))
			_, err := client.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET, name)
			require.NoError(t, r.finish())
			require.Equal(t, Stats{Accepted: 1, Refused: 1}, r.proxy.Stats())
		})
	}
}

func (r *rig) connectSaying(said string) (client, server halfConn) {
	r.t.Helper()
	client = r.dialFront()
	write(r.t, client, said)
	c, err := r.backend.Accept()
	require.NoError(r.t, err)
	r.t.Cleanup(func() { c.Close() })
	return client, c.(halfConn)
}

func TestNoHelloIsRefused(t *testing.T) {
	whole := hello(t, "db.example")
	for name, said := range map[string]string{
		"HTTP":      "GET / HTTP/1.1\r\nHost: db.example\r\n\r\n",
		"an alert":  "\x15\x03\x01\x00\x02\x02\x28",
		"too long":  "\x16\x03\x01\x00\x04\x01\xff\xff\xff",
		"cut short": string(whole[:len(whole)-1]),
		"silence":   "",
	} {
		synctest.Test(t, func(t *testing.T) {
			r := prepare(t, &Proxy{HandshakeTimeout: 3 * time.Second}, "mem", "mem")
			r.proxy.Routes = map[string]Upstream{"db.example": To("hole:1")}
			r.serve(r.front)
			client := r.dialFront()
			write(t, client, said)
			began := time.Now()
			_, err := client.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET, name)
			slow := name == "cut short" || name == "silence"
			require.Equal(t, slow, time.Since(began) == 3*time.Second, name)
			require.NoError(t, r.finish())
			require.Equal(t, Stats{Accepted: 1, Refused: 1}, r.proxy.Stats())
		})
	}
}

// A PROXY header, a ClientHello and what follows it may all come at once.
func TestHeaderThenHello(t *testing.T) {
	said := string(hello(t, "db.example")) + strings.Repeat("early data ", 10_000)
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{ProxyFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, "mem", "mem")
		r.proxy.Routes, r.proxy.Upstream = map[string]Upstream{"*.example": r.proxy.Upstream}, nil
		r.serve(r.front)
		client := r.dialFront()
		go func() {
			io.WriteString(client, header(t, 2)+said)
			client.CloseWrite()
		}()
		server, err := r.backend.Accept()
		require.NoError(t, err)
		requireEnd(t, server, said)
		closeBoth(t, client, server.(halfConn))
		require.NoError(t, r.finish())
	})
}

// What readHello takes of the bytes of anybody is a beginning of them, and the
// name does not depend on how they come.
func FuzzReadHello(f *testing.F) {
	f.Add(hello(f, "db.example"), byte(1))
	f.Add(clientHello(f, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}), byte(200))
	f.Add([]byte("GET / HTTP/1.1\r\n"), byte(9))
	f.Fuzz(func(t *testing.T, said []byte, piece byte) {
		name, read, err := readHello(&chunks{said: said, piece: int(piece) + 1})
		if err != nil {
			return
		}
		if !bytes.HasPrefix(said, read) {
			t.Fatalf("%q is no beginning of %q", read, said)
		}
		again, _, err := readHello(&chunks{said: said, piece: len(said)})
		if err != nil || again != name {
			t.Fatalf("%q became %q and %q, %v", said, name, again, err)
		}
		(&Proxy{Routes: map[string]Upstream{"*.example": noUpstream{}}}).route(name)
	})
}
