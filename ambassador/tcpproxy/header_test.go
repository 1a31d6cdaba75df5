package tcpproxy

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func header(t testing.TB, version byte) string {
	h := proxyproto.HeaderProxyFromAddrs(version, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 80})
	b, err := h.Format()
	require.NoError(t, err)
	return string(b)
}

// headers are good ones.
func headers(t testing.TB) map[string]string {
	return map[string]string{
		"v1":         header(t, 1),
		"v1 IPv6":    "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n",
		"v1 unknown": "PROXY UNKNOWN\r\n",
		"v2":         header(t, 2),
		"v2 local":   string(proxyproto.SIGV2) + "\x20\x00\x00\x00",
	}
}

// A trusted peer's header is taken off, in however many pieces it comes, and what
// follows goes on.
func TestHeaderOfATrustedPeer(t *testing.T) {
	for name, head := range headers(t) {
		for _, piece := range []int{1, 7, len(head), len(head) + 3, 1000} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, &Proxy{ProxyFrom: loopback}, "mem", "mem")
				client := r.dialFront()
				for rest := head + "question"; rest != ""; {
					n := min(piece, len(rest))
					write(t, client, rest[:n])
					synctest.Wait()
					rest = rest[n:]
				}
				require.NoError(t, client.CloseWrite())
				server, err := r.backend.Accept()
				require.NoError(t, err, name)
				requireEnd(t, server, "question")
				write(t, server, "answer")
				require.NoError(t, server.Close())
				requireEnd(t, client, "answer")
				require.NoError(t, r.finish())
				require.Equal(t, Stats{Accepted: 1, Dialled: 1, ToUpstream: 8, FromUpstream: 6, Completed: 1}, r.proxy.Stats())
			})
		}
	}
}

// The server may speak first: no byte is waited for after the header.
func TestServerSpeaksAfterTheHeader(t *testing.T) {
	r := newRig(t, &Proxy{ProxyFrom: loopback}, "tcp", "tcp")
	client := r.dialFront()
	write(t, client, header(t, 2))
	server, err := r.backend.Accept()
	require.NoError(t, err)
	write(t, server, "220 ready")
	requireRead(t, client, "220 ready")
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

func TestBadHeaderIsRefused(t *testing.T) {
	long := string(proxyproto.SIGV2) + "\x21\x11\x20\x00"
	for _, bad := range []string{
		"GET / HTTP/1.1\r\n\r\n", "PROXX TCP4 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
		"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", "PROXY TCP4 300.1.1.1 2.2.2.2 1 2\r\n", "PROXY " + strings.Repeat("x", 200),
		string(proxyproto.SIGV2) + "\x31\x11\x00\x0c0123456789ab", string(proxyproto.SIGV2) + "\x21\x11\x00\x010", long,
	} {
		r := newRig(t, &Proxy{ProxyFrom: loopback}, "tcp", "tcp")
		client := r.dialFront()
		write(t, client, bad)
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET, "%q", bad)
		require.NoError(t, r.finish())
		require.Equal(t, Stats{Accepted: 1, Refused: 1}, r.proxy.Stats())
	}
}

func TestSlowHeaderIsRefused(t *testing.T) {
	for name, said := range map[string]string{"nothing": "", "a part": "PROXY TCP4 1.1"} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, &Proxy{ProxyFrom: loopback}, "mem", "mem")
			client := r.dialFront()
			write(t, client, said)
			began := time.Now()
			_, err := client.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET, name)
			require.Equal(t, 10*time.Second, time.Since(began))
			require.NoError(t, r.finish())
			require.EqualValues(t, 1, r.proxy.Stats().Refused)
		})
	}
}

// A client that ends before its header is whole is no client.
func TestHeaderThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{ProxyFrom: loopback}, "mem", "mem")
		client := r.dialFront()
		write(t, client, "PROXY ")
		require.NoError(t, client.CloseWrite())
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Refused)
	})
}

// Whoever is not trusted has its bytes passed on, whatever they look like.
func TestHeaderOfAnybody(t *testing.T) {
	for _, from := range [][]netip.Prefix{nil, {netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::1/128")}} {
		for _, network := range []string{"tcp", "unix"} {
			r := newRig(t, &Proxy{ProxyFrom: from}, network, "tcp")
			client, server := r.connect()
			head := header(t, 1)
			write(t, client, head)
			requireRead(t, server, head)
			closeBoth(t, client, server)
			require.NoError(t, r.finish())
		}
	}
}

// A drain waits for a header as it does for all that was accepted.
func TestDrainWaitsForAHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{ProxyFrom: loopback}, "mem", "mem")
		client := r.dialFront()
		synctest.Wait()
		r.stop()
		elapse(time.Second)
		write(t, client, header(t, 1))
		server, err := r.backend.Accept()
		require.NoError(t, err)
		requireEcho(t, client, server)
		closeBoth(t, client, server)
		require.NoError(t, r.finish())
	})
}

// However a header comes, what is read ends where go-proxyproto says.
func FuzzReadHeader(f *testing.F) {
	for _, head := range headers(f) {
		f.Add([]byte(head+"rest"), byte(3))
	}
	f.Add([]byte("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"), byte(1))
	f.Add([]byte(string(proxyproto.SIGV2)+"\x21\x11\xff\xff"), byte(200))
	f.Fuzz(func(t *testing.T, said []byte, piece byte) {
		h, after, err := readHeader(&chunks{said: said, piece: int(piece) + 1})
		if err != nil {
			return
		}
		if n, _ := headerLen(said); h == nil || !bytes.HasPrefix(said[n:], after) {
			t.Fatalf("%q left %q", said, after)
		}
		again, _, err := readHeader(&chunks{said: said, piece: len(said)})
		if err != nil || !h.EqualTo(again) {
			t.Fatalf("%q in pieces of %d is another header: %v %v, %v", said, piece, h, again, err)
		}
		if h.SourceAddr != nil {
			addressOf(h.SourceAddr)
		}
	})
}

// chunks is a connection whose reads return no more than a piece.
type chunks struct {
	net.Conn
	said  []byte
	piece int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.said) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.piece)], c.said)
	c.said = c.said[n:]
	return n, nil
}
