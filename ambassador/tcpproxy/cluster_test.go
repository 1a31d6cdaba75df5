package tcpproxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/internal/authority"
	"github.com/podpatterns/podpatterns/internal/sockets"
)

// A PROXY header goes in and out again, with whom the connection is for.
func TestHeaderThroughACluster(t *testing.T) {
	for _, network := range []string{"tcp", "mem"} {
		r := prepare(t, &Proxy{ProxyFrom: loopback}, network, network)
		r.proxy.Upstream = &upstream.Cluster{Endpoints: upstream.To(r.backend.Addr().String()), ProxyProtocol: 2}
		r.serve(r.front)
		for said, want := range map[string]string{header(t, 1): "192.0.2.1:1234", string(proxyproto.SIGV2) + "\x20\x00\x00\x00": ""} {
			client, server := r.connectSaying(said + "question")
			if want == "" {
				want = client.LocalAddr().String()
			}
			in := bufio.NewReader(server)
			h, err := proxyproto.Read(in)
			require.NoError(t, err)
			require.Equal(t, want, h.SourceAddr.String())
			got := make([]byte, len("question"))
			_, err = io.ReadFull(in, got)
			require.NoError(t, err)
			require.Equal(t, "question", string(got))
			closeBoth(t, client, server)
		}
		require.NoError(t, r.finish())
	}
}

// All connections of a client go to one endpoint of many, by its hash.
func TestClientIsTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{ProxyFrom: loopback}, "mem", "mem")
		others := r.listen("mem")
		r.proxy.Upstream = &upstream.Cluster{
			Endpoints: upstream.To(r.backend.Addr().String(), others.Addr().String()), Balancer: upstream.Maglev{},
		}
		accepted := make(chan net.Listener)
		for _, l := range []net.Listener{r.backend, others} {
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					c.Close()
					accepted <- l
				}
			}()
		}
		r.serve(r.front)
		seen := map[net.Listener]int{}
		for i := range 20 {
			var first net.Listener
			for range 3 {
				client := r.dialFront()
				from := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
				write(t, client, "PROXY TCP4 "+from.String()+" 192.0.2.200 1 2\r\n")
				l := <-accepted
				if first == nil {
					first = l
				}
				require.Equal(t, first, l)
				client.Close()
			}
			seen[first]++
		}
		require.Len(t, seen, 2, "clients are spread")
		require.NoError(t, r.finish())
		others.Close()
	})
}

// TLS to the upstream: each direction ends by itself, and a reset is one.
func TestTLSUpstream(t *testing.T) {
	files := withFiles(t, authority.New(t))
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	require.NoError(t, err)
	for _, breaks := range []string{"", "client", "server"} {
		r := prepare(t, &Proxy{}, "tcp", "tcp")
		cluster := &upstream.Cluster{
			Endpoints: upstream.To(r.backend.Addr().String()),
			TLS:       &upstream.TLS{CAFile: files.CertFile, ServerName: "db.example"},
		}
		r.proxy.Upstream = cluster
		r.serve(r.front)
		client := r.dialFront()
		c, err := r.backend.Accept()
		require.NoError(t, err)
		server := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
		require.NoError(t, server.Handshake())
		requireEcho(t, client, server)
		switch breaks {
		case "client":
			client.(*net.TCPConn).SetLinger(0)
			client.Close()
			_, err = io.ReadAll(server)
			require.ErrorIs(t, err, syscall.ECONNRESET, "and no close_notify")
		case "server":
			reset(server)
			_, err = io.ReadAll(client)
			require.ErrorIs(t, err, syscall.ECONNRESET)
		default:
			require.NoError(t, client.CloseWrite())
			requireEnd(t, server, "")
			write(t, server, "answer")
			require.NoError(t, server.Close())
			requireEnd(t, client, "answer")
		}
		require.NoError(t, r.finish())
		require.Zero(t, cluster.Stats().Active, "no lease is left")
	}
}

// What a Cluster hands over is spliced as what To does.
func TestClusterIsSpliced(t *testing.T) {
	if !sockets.CanSplice(&net.TCPConn{}, &net.TCPConn{}) {
		t.Skip("no splice here")
	}
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	r.proxy.Upstream = &upstream.Cluster{Endpoints: upstream.To(r.backend.Addr().String()), ProxyProtocol: 1}
	r.serve(r.front)
	client, server := r.connect()
	go server.Write(make([]byte, 8<<20))
	_, err := io.CopyN(io.Discard, struct{ io.Reader }{client}, 8<<20)
	require.NoError(t, err)
	s := r.proxy.Stats()
	require.Less(t, s.FromUpstream, int64(1<<20), "what is spliced is counted each second")
	client.Close()
	io.Copy(io.Discard, server)
	server.Close()
	require.NoError(t, r.finish())
}

// A client's own going is not held against the endpoint.
func TestGoneClientIsNoFailure(t *testing.T) {
	if !tellsGone(&net.TCPConn{}) {
		t.Skip("it is not told here")
	}
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	dialling, stuck := make(chan bool, 9), r.box.Dial
	r.box.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == r.front.Addr().String() {
			return stuck(ctx, network, address)
		}
		dialling <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(r.backend.Addr().String()), Ejection: &upstream.Ejection{}, DialTimeout: time.Hour,
	}
	r.proxy.Upstream, r.proxy.DialTimeout = cluster, time.Hour
	r.serve(r.front)
	for range 10 {
		client := r.dialFront()
		<-dialling
		client.(*net.TCPConn).SetLinger(0)
		client.Close()
	}
	r.eventually("all are gone", func(s Stats) bool { return s.ClientResets == 10 })
	require.NoError(t, r.finish())
	got := cluster.Stats()
	require.Zero(t, got.Endpoints[0].Failed)
	require.Zero(t, got.Endpoints[0].Ejections)
}
