package httpproxy

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is measured is a whole request and answer of 256 bytes over loopback, with
// a client and an upstream that allocate nothing.

const benchAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 256\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n"

func benchBackend(b *testing.B) string {
	answer := []byte(benchAnswer + strings.Repeat("x", 256))
	s := newBackend(b, func(c net.Conn, br *bufio.Reader) {
		for {
			for {
				line, err := br.ReadSlice('\n')
				if err != nil {
					return
				}
				if len(line) == 2 {
					break
				}
			}
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
	return s.addr()
}

func benchClient(b *testing.B, addr string) {
	c, err := net.Dial("tcp", addr)
	require.NoError(b, err)
	defer c.Close()
	request := []byte("GET /some/path?a=b HTTP/1.1\r\nHost: example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	br := bufio.NewReader(c)
	one := func() {
		c.Write(request)
		for {
			line, err := br.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
		}
		br.Discard(256)
	}
	one()
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
}

func BenchmarkRequest(b *testing.B) {
	r := newRig(b, &Proxy{Upstream: To(benchBackend(b))}, nil)
	benchClient(b, r.addr)
}

func BenchmarkRequestReverseProxy(b *testing.B) {
	to, err := url.Parse("http://" + benchBackend(b))
	require.NoError(b, err)
	s := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		Transport: &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
	})
	defer s.Close()
	benchClient(b, s.Listener.Addr().String())
}
