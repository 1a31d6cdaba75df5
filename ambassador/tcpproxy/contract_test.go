package tcpproxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestContract(t *testing.T) {
	backend := httptest.NewServer(http.NotFoundHandler())
	defer backend.Close()
	podtest.TestAmbassador(t, func() ambassador.Ambassador {
		return &Proxy{Upstream: To(backend.Listener.Addr().String())}
	})
}

func TestSecondCallIsRefused(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	client, server := r.connect()
	second := r.listen("tcp")
	require.ErrorIs(t, r.proxy.Serve(t.Context(), second), gate.ErrRunning)
	require.ErrorContains(t, r.proxy.Serve(t.Context(), nil), "tcpproxy: already running")
	requireEcho(t, client, server)

	kept, err := net.Dial("tcp", second.Addr().String())
	require.NoError(t, err, "its listener stays the caller's")
	kept.Close()
	another, itsServer := r.connect()
	requireEcho(t, another, itsServer)
	closeBoth(t, client, server)
	closeBoth(t, another, itsServer)
	require.NoError(t, r.finish())
}

func TestServeAgain(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	for run := int64(1); run <= 3; run++ {
		require.NoError(t, r.proxy.Ready(t.Context()))
		client, server := r.connect()
		requireEcho(t, client, server)
		closeBoth(t, client, server)
		r.stop()
		require.NoError(t, <-r.served)
		r.requireOver()
		require.Equal(t, run, r.proxy.Stats().Completed, "stats count all runs")
		r.front = r.listen("tcp")
		r.serve(r.front)
	}
	require.NoError(t, r.finish())
}

func TestStopBeforeStart(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	ctx, cancel := context.WithCancel(r.box.Context(t.Context()))
	cancel()
	require.NoError(t, r.proxy.Serve(ctx, r.front))
	r.requireOver()
}

type readyUpstream struct {
	Upstream
	ready chan bool
}

func (u readyUpstream) Ready(ctx context.Context) error {
	select {
	case <-u.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func TestReadyIsTheUpstreamsToo(t *testing.T) {
	up := readyUpstream{To("127.0.0.1:1"), make(chan bool)}
	r := newRig(t, &Proxy{Upstream: up}, "tcp", "tcp")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, r.proxy.Ready(ctx), context.DeadlineExceeded)
	close(up.ready)
	require.NoError(t, r.proxy.Ready(t.Context()))
	require.NoError(t, r.finish())
}

func TestNotReadyBeforeServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, (&Proxy{}).Ready(ctx), context.Canceled)
}

func TestWrongFields(t *testing.T) {
	for _, test := range []struct {
		proxy *Proxy
		want  string
	}{
		{&Proxy{}, `Upstream: nil, so there is nothing to dial; To("127.0.0.1:5432") makes one`},
		{&Proxy{Upstream: To("a:1"), DialTimeout: -time.Second}, `DialTimeout: -1s is negative`},
		{&Proxy{Upstream: To("a:1"), HalfCloseIdle: -2}, `HalfCloseIdle: -2ns is negative`},
		{&Proxy{Upstream: To("a:1"), DrainIdle: -time.Hour}, `DrainIdle: -1h0m0s is negative`},
		{&Proxy{Upstream: To("a:1"), MaxConns: -3}, `MaxConns: -3 is negative`},
		{&Proxy{Upstream: To()}, `Upstream: To: no address`},
		{&Proxy{Upstream: To("a")}, `Upstream: To: address "a" is not host:port: missing port in address`},
		{&Proxy{Upstream: To("::1:80")}, `Upstream: To: address "::1:80" is not host:port: too many colons in address`},
		{&Proxy{Upstream: To(":80")}, `Upstream: To: address ":80" has no host: say 127.0.0.1:80 for this pod`},
		{&Proxy{Upstream: To("a:0")}, `Upstream: To: address "a:0" has no port from 1 to 65535: "0"`},
		{&Proxy{Upstream: To("a:65536")}, `Upstream: To: address "a:65536" has no port from 1 to 65535: "65536"`},
		{&Proxy{Upstream: To("a:http")}, `Upstream: To: address "a:http" has no port from 1 to 65535: "http"`},
		{&Proxy{Upstream: To("unix:")}, `Upstream: To: address "unix:" names no path after unix:`},
		{&Proxy{Upstream: To("a:1"), HandshakeTimeout: -1}, `HandshakeTimeout: -1ns is negative`},
		{&Proxy{Upstream: To("a:1"), Idle: -time.Minute}, `Idle: -1m0s is negative`},
		{&Proxy{Upstream: To("a:1"), UserTimeout: -time.Second}, `UserTimeout: -1s is negative`},
		{&Proxy{Upstream: To("a:1"), UserTimeout: 1000 * time.Hour}, `UserTimeout: 1000h0m0s is more than the kernel can count, 596h31m23.647s`},
		{&Proxy{Upstream: To("a:1"), KeepAlive: 24 * time.Hour}, `KeepAlive: 24h0m0s is more than the kernel takes, 9h6m7s`},
		{&Proxy{Upstream: To("a:1"), DrainAccept: -5}, `DrainAccept: -5ns is negative`},
		{&Proxy{Upstream: To("a:1"), MaxConnsPerClient: -1}, `MaxConnsPerClient: -1 is negative`},
		{&Proxy{Upstream: To("a:1"), Rate: rate.NewLimiter(5, 0)}, `Rate: a burst of 0 lets nothing through`},
		{&Proxy{Upstream: To("a:1"), ProxyFrom: []netip.Prefix{{}}}, `ProxyFrom: entry 0, invalid Prefix, is no prefix of addresses`},
		{&Proxy{Upstream: To("a:1"), ProxyFrom: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}},
			`ProxyFrom: ::ffff:10.0.0.0/104 is of IPv4 in IPv6, which no client is; say 10.0.0.0/8`},
		{&Proxy{Routes: map[string]Upstream{"a.example": nil}}, `Routes["a.example"]: nil, so there is nothing to dial`},
		{&Proxy{Routes: map[string]Upstream{"a.example": To("a")}}, `Routes["a.example"]: To: address "a" is not host:port: missing port in address`},
		{&Proxy{Routes: map[string]Upstream{"": To("a:1")}}, `Routes: name "" is empty; what names no server goes to Upstream`},
		{&Proxy{Routes: map[string]Upstream{"A.example": To("a:1")}}, `Routes: name "A.example" has 'A', which no server name in lower case has`},
		{&Proxy{Routes: map[string]Upstream{"a.*.example": To("a:1")}}, `Routes: name "a.*.example" has a * that is not its whole first label`},
		{&Proxy{Routes: map[string]Upstream{"*.": To("a:1"), "a..b": To("a:1"), "a.": To("a:1")}},
			`Routes: name "*." has an empty label; Routes: name "a." has an empty label; Routes: name "a..b" has an empty label`},
		{&Proxy{Routes: map[string]Upstream{"a:443": To("a:1")}}, `Routes: name "a:443" has ':', which no server name in lower case has`},
		{&Proxy{Upstream: (*upstream.Cluster)(nil)}, `Upstream: nil, so there is nothing to dial; To("127.0.0.1:5432") makes one`},
		{&Proxy{Routes: map[string]Upstream{"a.example": UpstreamFunc(nil)}}, `Routes["a.example"]: nil, so there is nothing to dial`},
		{&Proxy{Upstream: &upstream.Cluster{}}, `Upstream: Endpoints: nil, so there is nothing to dial; To("127.0.0.1:5432") makes one`},
		{&Proxy{Upstream: To("a:1"), TLS: &TLS{}}, `TLS: CertFile: empty, and a server has to have a certificate`},
		{&Proxy{Upstream: To("a:1"), TLS: &TLS{CertFile: "a.crt"}}, `TLS: KeyFile: empty, and CertFile is "a.crt"`},
		{&Proxy{Upstream: To("a:1"), TLS: &TLS{Config: &tls.Config{MinVersion: tls.VersionTLS10}, CertFile: "c", KeyFile: "k"}},
			`TLS: Config.MinVersion: TLS 1.0 is too old, TLS 1.2 is the least`},
		{&Proxy{Upstream: To("a", "unix:"), DialTimeout: -1, MaxConns: -1},
			`Upstream: To: address "a" is not host:port: missing port in address; To: address "unix:" names no path after unix:; ` +
				`DialTimeout: -1ns is negative; MaxConns: -1 is negative`},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.EqualError(t, test.proxy.Serve(t.Context(), l), "tcpproxy: "+test.want)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	}
	require.EqualError(t, (&Proxy{Upstream: To("a:1")}).Serve(t.Context(), nil), "tcpproxy: listener: nil, so there is nothing to accept from")
}
