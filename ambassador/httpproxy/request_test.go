package httpproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mirrored answers each request with the bytes of it that arrived.
func mirrored(c net.Conn, br *bufio.Reader) {
	for {
		got, err := headOf(br)
		if err != nil {
			return
		}
		lower := strings.ToLower(got)
		if _, after, ok := strings.Cut(lower, "content-length: "); ok {
			n, _ := strconv.Atoi(after[:strings.Index(after, "\r")])
			b := make([]byte, n)
			io.ReadFull(br, b)
			got += string(b)
		} else if strings.Contains(lower, "transfer-encoding: chunked") {
			for !strings.HasSuffix(got, "0\r\n\r\n") {
				line, err := br.ReadString('\n')
				if got += line; err != nil {
					return
				}
				if strings.HasPrefix(line, "0\r\n") {
					rest, _ := headOf(br)
					got += rest
					break
				}
			}
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(got), got)
	}
}

func newMirrored(t testing.TB, p *Proxy) *rig {
	p.Upstream = To(newBackend(t, mirrored).addr())
	return newRig(t, p, nil)
}

// ofTheProxy is what the proxy adds, which these tests are not about.
var ofTheProxy = regexp.MustCompile(`X-Forwarded-[A-Za-z]+: [^\r]*\r\n`)

func TestRequestsThatAreForwarded(t *testing.T) {
	r := newMirrored(t, &Proxy{Connect: true})
	for _, test := range []struct{ name, sent, want string }{
		{"plain", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"path and query byte for byte", "GET /%2f//../a%zz?a;b&%zz=\xffc?? HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%2f//../a%zz?a;b&%zz=\xffc?? HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"empty query", "GET /? HTTP/1.1\r\nHost: h\r\n\r\n", "GET /? HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"case and order of fields", "GET / HTTP/1.1\r\nx-B: 1\r\nHoSt: h\r\nX-a:  2 \t\r\nX-B:\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nx-B: 1\r\nX-a: 2\r\nX-B: \r\n\r\n"},
		{"obs-text in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: \xe4\xff\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: \xe4\xff\r\n\r\n"},
		{"obs-fold becomes a space", "GET / HTTP/1.1\r\nHost: h\r\nX: a \r\n\t  b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: a b c\r\n\r\n"},
		{"own method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"absolute form wins over Host", "GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y HTTP/1.1\r\nHost: b.example:81\r\n\r\n"},
		{"absolute form without path", "GET HTTP://b?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?y HTTP/1.1\r\nHost: b\r\n\r\n"},
		{"absolute OPTIONS", "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n"},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: " + "UPSTREAM" + "\r\n\r\n"},
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: UPSTREAM\r\n\r\n"},
		{"a later HTTP/1", "GET / HTTP/1.7\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"hop-by-hop fields", "GET / HTTP/1.1\r\nHost: h\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authorization: p\r\nTE: gzip\r\nUpgrade: y\r\nX: 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n"},
		{"what Connection names", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nC: 3\r\nConnection: a , close\r\nConnection: ,C\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nB: 2\r\n\r\n"},
		{"what it must not name", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: Host, Content-Length, X-Forwarded-For\r\n\r\nab", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"},
		{"TE: trailers", "GET / HTTP/1.1\r\nHost: h\r\nTE: deflate, trailers\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: TE\r\nTE: trailers\r\n\r\n"},
		{"no body", "POST / HTTP/1.1\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		{"length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 03\r\n\r\nabc", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
		{"the same length twice", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
		{"GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
		{"both: Transfer-Encoding wins", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"chunk extensions go", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n3 ;a=\"b\"\r\nabc\r\n00\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"trailers", "POST / HTTP/1.1\r\nHost: h\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\nContent-Length: 5\r\nHost: y\r\nAuthorization: z\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n"},
		{"upgrade", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"upgrade to h2c is none", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := r.ask(test.sent)
			want := strings.ReplaceAll(test.want, "UPSTREAM", r.proxy.Upstream.Stats().Endpoints[0].Address)
			require.Equal(t, want, ofTheProxy.ReplaceAllString(got, ""))
		})
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	r := newMirrored(t, &Proxy{MaxHeaderBytes: 2048, MaxBodyBytes: 1000})
	long := strings.Repeat("x", 3000)
	for _, test := range []struct {
		name, sent string
		status     int
	}{
		{"no version", "GET /\r\n\r\n", 400},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"a tab", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"space before it", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"method is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"version of another protocol", "GET / HTTQ/1.1\r\nHost: h\r\n\r\n", 400},
		{"version in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
		{"version with more", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
		{"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
		{"HTTP/0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
		{"relative target", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"target of another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"target with user", "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"* but not OPTIONS", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 405},
		{"CONNECT to a path", "CONNECT /a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two Hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
		{"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 400},
		{"Host is no host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"Host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
		{"Host with space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"space before the colon", "GET / HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n", 400},
		{"no colon", "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400},
		{"no name", "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400},
		{"space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
		{"NUL in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n", 400},
		{"bare CR in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rY: b\r\n\r\n", 400},
		{"bare CR at its end", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\r\n\r\n", 400},
		{"bare CR in a fold", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\rc\r\n\r\n", 400},
		{"LF alone", "GET / HTTP/1.1\nHost: h\n\n", 400},
		{"LF alone after a field", "GET / HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n", 400},
		{"LF alone at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
		{"control character in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n", 400},
		{"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
		{"list of lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
		{"length with a sign", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400},
		{"negative length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\nabc", 400},
		{"hexadecimal length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc", 400},
		{"empty length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400},
		{"length that overflows", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551617\r\n\r\na", 400},
		{"a wrong length besides chunked", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
		{"chunked is not last", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400},
		{"chunked twice", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
		{"Transfer-Encoding twice", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"xchunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
		{"chunked with a vertical tab", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400},
		{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"long header", "GET / HTTP/1.1\r\nHost: h\r\nX: " + long + "\r\n\r\n", 431},
		{"long target", "GET /" + long + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
		{"many fields", "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X:\r\n", 300) + "\r\n", 431},
		{"long body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + long[:1001], 413},
		{"long chunked body", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n" + long + "\r\n0\r\n\r\n", 413},
		{"chunk size is empty", chunkedRequest + "\r\n0\r\n\r\n", 400},
		{"chunk size with a sign", chunkedRequest + "+1\r\na\r\n0\r\n\r\n", 400},
		{"chunk size with 0x", chunkedRequest + "0x1\r\na\r\n0\r\n\r\n", 400},
		{"chunk size that overflows", chunkedRequest + "10000000000000001\r\na\r\n0\r\n\r\n", 400},
		{"space before the chunk size", chunkedRequest + " 1\r\na\r\n0\r\n\r\n", 400},
		{"chunk is longer", chunkedRequest + "1\r\nab\r\n0\r\n\r\n", 400},
		{"chunk ends with LF", chunkedRequest + "1\r\na\n0\r\n\r\n", 400},
		{"chunk size ends with LF", chunkedRequest + "1\na\r\n0\r\n\r\n", 400},
		{"last chunk ends with LF", chunkedRequest + "0\n\r\n", 400},
		{"extension with LF", chunkedRequest + "1;a\nb\r\na\r\n0\r\n\r\n", 400},
		{"extension with bare CR", chunkedRequest + "1;a\rb\r\na\r\n0\r\n\r\n", 400},
		{"long extension", chunkedRequest + "1;" + long + "\r\na\r\n0\r\n\r\n", 400},
		{"trailer without colon", chunkedRequest + "0\r\nX\r\n\r\n", 400},
		{"trailer with LF alone", chunkedRequest + "0\r\nX: 1\n\r\n", 400},
		{"long trailer", chunkedRequest + "0\r\nX: " + long + "\r\n\r\n", 431},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp, body := r.ask(test.sent)
			require.Equal(t, test.status, resp.StatusCode, body)
			require.NotContains(t, body, "HTTP/1.1", "it was forwarded")
			require.Equal(t, test.status != 405, resp.Close)
		})
	}
	require.NoError(t, r.finish())
}

const chunkedRequest = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

// What follows a request whose length two readers may see differently must not be
// taken for another one (RFC 9112, 6.1 and 11.2).
func TestNothingIsSmuggledBehindARequest(t *testing.T) {
	r := newMirrored(t, &Proxy{})
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, sent := range map[string]string{
		"both lengths":  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"a bad request": "GET / HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n" + smuggled,
		"a bad chunk":   chunkedRequest + "x\r\n" + smuggled,
		"close":         "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + smuggled,
		"HTTP/1.0":      "GET / HTTP/1.0\r\nHost: h\r\n\r\n" + smuggled,
	} {
		t.Run(name, func(t *testing.T) {
			got := r.raw(sent)
			require.Equal(t, 1, strings.Count(got, "HTTP/1.1 200")+strings.Count(got, "HTTP/1.1 400"), got)
			require.NotContains(t, got, "/smuggled")
		})
	}
}

func TestPipelining(t *testing.T) {
	r := newMirrored(t, &Proxy{})
	c := r.dial()
	var all strings.Builder
	for i := range 50 {
		fmt.Fprintf(&all, "POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", i)
		fmt.Fprintf(&all, "POST /c%d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", i)
	}
	go io.WriteString(c, all.String())
	br := bufio.NewReader(c)
	for i := range 50 {
		_, got := answerOn(t, br, "POST")
		require.Contains(t, got, fmt.Sprintf("POST /%d HTTP/1.1", i))
		_, got = answerOn(t, br, "POST")
		require.Contains(t, got, fmt.Sprintf("POST /c%d HTTP/1.1", i))
	}
	c.Close()
	require.NoError(t, r.finish())
}

func TestKeepAliveOfHTTP10(t *testing.T) {
	r := newRig(t, &Proxy{}, http.NotFoundHandler())
	c := r.dial()
	br := bufio.NewReader(c)
	for range 3 {
		io.WriteString(c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
		resp, _ := answerOn(t, br, "GET")
		require.Equal(t, "keep-alive", resp.Header.Get("Connection"))
	}
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	resp, _ := answerOn(t, br, "GET")
	require.True(t, resp.Close)
	_, err := br.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}
