package httpproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// saying is a backend that answers each request with these bytes, then closes, or
// resets, or goes on.
func saying(t testing.TB, answer string, then string) *backend {
	return newBackend(t, func(c net.Conn, br *bufio.Reader) {
		for {
			if _, err := headOf(br); err != nil {
				return
			}
			io.WriteString(c, answer)
			switch then {
			case "close":
				return
			case "reset":
				time.Sleep(20 * time.Millisecond)
				c.(*net.TCPConn).SetLinger(0)
				return
			}
		}
	})
}

func TestAnswersThatAreForwarded(t *testing.T) {
	for _, test := range []struct{ name, method, sent, then, want string }{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"},
		{"no reason", "GET", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
		{"own status", "GET", "HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nX: 1\r\n\r\n", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n"},
		{"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nabc", "close", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"of HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\n\r\nabc", "close", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"both: Transfer-Encoding wins", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
		{"LF alone in the head", "GET", "HTTP/1.1 200 OK\nX: 1\nContent-Length: 1\n\na", "", "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 1\r\n\r\na"},
		{"hop-by-hop fields", "GET", "HTTP/1.1 200 OK\r\nKeep-Alive: 3\r\nConnection: close, X-A\r\nX-A: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"},
		{"HEAD with chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\n"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n", "", "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n"},
		{"interim", "GET", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, &Proxy{Upstream: To(saying(t, test.sent, test.then).addr())}, nil)
			c := r.dial()
			for range 2 { // the second one may be on the same upstream connection
				fmt.Fprintf(c, "%s / HTTP/1.1\r\nHost: h\r\n\r\n", test.method)
				b := make([]byte, len(test.want))
				n, _ := io.ReadFull(c, b)
				require.Equal(t, test.want, string(b[:n]))
			}
			c.Close()
			require.NoError(t, r.finish())
		})
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":                        "",
		"half a head":                    "HTTP/1.1 200 OK\r\nX: 1",
		"another protocol":               "ICY 200 OK\r\n\r\n",
		"another version":                "HTTP/2.0 200 OK\r\n\r\n",
		"status of two digits":           "HTTP/1.1 20 OK\r\n\r\n",
		"status with a letter":           "HTTP/1.1 2x0 OK\r\n\r\n",
		"status below 100":               "HTTP/1.1 099 OK\r\n\r\n",
		"bare CR":                        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
		"NUL":                            "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
		"no colon":                       "HTTP/1.1 200 OK\r\nX\r\n\r\n",
		"space before the colon":         "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
		"two lengths":                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"length with a sign":             "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
		"unknown coding":                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na",
		"chunked in HTTP/1.0":            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"101 that nobody asked for":      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"interim answers without end":    strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 200),
		"a head of more than 256 KiB":    "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n",
		"another answer that comes late": "HTTP/1.1 102 \x01\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, &Proxy{Upstream: To(saying(t, sent, "close").addr())}, nil)
			c := r.dial()
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			br := bufio.NewReader(c)
			resp, body := answerOn(t, br, "GET")
			for resp.StatusCode == 102 {
				resp, body = answerOn(t, br, "GET")
			}
			require.Equal(t, 502, resp.StatusCode)
			require.Equal(t, "502 Bad Gateway\n", body)
			c.Close()
			require.NoError(t, r.finish())
			require.EqualValues(t, 1, r.proxy.Upstream.Stats().Endpoints[0].Failed)
		})
	}
}

var bulky = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + strings.Repeat("x", 1<<20)

// An answer that breaks off must not look whole, whatever its framing, and
// whatever the client speaks.
func TestAnswerThatBreaksOffIsReset(t *testing.T) {
	for name, test := range map[string]struct{ sent, then string }{
		"length":               {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "close"},
		"length, reset":        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "reset"},
		"chunk":                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "close"},
		"between chunks":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "close"},
		"in the last chunk":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "close"},
		"malformed chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n", "close"},
		"until the end, reset": {"HTTP/1.1 200 OK\r\n\r\nabc", "reset"},
		"bulky":                {bulky, "close"}, // these are spliced
		"bulky, reset":         {bulky, "reset"},
	} {
		for _, version := range []string{"1.1", "1.0"} {
			t.Run(name+" to HTTP/"+version, func(t *testing.T) {
				r := newRig(t, &Proxy{Upstream: To(saying(t, test.sent, test.then).addr())}, nil)
				c := r.dial()
				fmt.Fprintf(c, "GET / HTTP/%s\r\nHost: h\r\n\r\n", version)
				b, err := io.ReadAll(c)
				require.ErrorIs(t, err, syscall.ECONNRESET)
				require.NotContains(t, string(b), "\r\n0\r\n\r\n")
				require.NoError(t, r.finish())
				require.EqualValues(t, 1, r.proxy.Stats().Aborted)
				require.EqualValues(t, 1, r.proxy.Upstream.Stats().Endpoints[0].Failed)
			})
		}
	}
}

// The same error is the client's when it is the client who resets.
func TestClientThatResetsABulkyAnswer(t *testing.T) {
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		headOf(br)
		io.WriteString(c, bulky)
		for err := error(nil); err == nil; {
			_, err = c.Write(make([]byte, 64<<10))
		}
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
	for range 10 {
		c := r.dial()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		_, err := io.ReadFull(c, make([]byte, 2<<20))
		require.NoError(t, err)
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	require.NoError(t, r.finish())
	require.EqualValues(t, 10, r.proxy.Stats().ClientLeft)
	require.Zero(t, r.proxy.Stats().Aborted)
	require.Zero(t, r.proxy.Upstream.Stats().Endpoints[0].Failed)
}

func TestUnaskedBytesOnAnIdleConnectionAreNoAnswer(t *testing.T) {
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		headOf(br)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
		time.Sleep(30 * time.Millisecond)
		io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		time.Sleep(time.Second)
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
	for range 3 {
		resp, _ := r.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		require.Equal(t, 200, resp.StatusCode)
		time.Sleep(60 * time.Millisecond)
	}
	require.EqualValues(t, 3, r.proxy.Stats().Dialled)
}

// A connection that the endpoint has closed while it was idle costs no request,
// whatever its method.
func TestIdleConnectionThatWasClosed(t *testing.T) {
	b := saying(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "close")
	r := newRig(t, &Proxy{Upstream: To(b.addr())}, nil)
	client := r.client()
	for range 20 {
		resp, err := client.Post(r.url("/"), "", nil)
		require.NoError(t, err)
		require.Equal(t, 200, resp.StatusCode)
		resp.Body.Close()
		time.Sleep(time.Millisecond)
	}
}

func TestIdleUpstreamConnectionsAreClosed(t *testing.T) {
	closed := make(chan time.Time, 1)
	b := newBackend(t, func(c net.Conn, br *bufio.Reader) {
		headOf(br)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		br.ReadByte()
		closed <- time.Now()
	})
	r := newRig(t, &Proxy{Upstream: To(b.addr()), UpstreamIdle: 100 * time.Millisecond}, nil)
	began := time.Now()
	r.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Greater(t, (<-closed).Sub(began), 90*time.Millisecond)
}

func TestNoEndpointAndNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	r := newRig(t, &Proxy{Upstream: To(l.Addr().String())}, nil)
	resp, _ := r.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	require.False(t, resp.Close)
	require.NoError(t, r.finish())
	require.EqualValues(t, 1, r.proxy.Stats().Unserved)
}
