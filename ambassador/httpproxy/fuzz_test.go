package httpproxy

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A cannedConn is a connection that gives what it has, and takes everything.
type cannedConn struct {
	io.Reader
	bytes.Buffer
}

func (s *cannedConn) Read(b []byte) (int, error)       { return s.Reader.Read(b) }
func (s *cannedConn) Close() error                     { return nil }
func (s *cannedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *cannedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *cannedConn) SetDeadline(time.Time) error      { return nil }
func (s *cannedConn) SetReadDeadline(time.Time) error  { return nil }
func (s *cannedConn) SetWriteDeadline(time.Time) error { return nil }

func canned(b []byte) *cannedConn { return &cannedConn{Reader: bytes.NewReader(b)} }

// headerOf is what net/http makes of fields.
func headerOf(f fields) http.Header {
	h := http.Header{}
	addTo(h, f)
	return h
}

// What is forwarded must be to net/http what it was to the proxy: one request, of
// the same method, target, host, fields and length. And what net/http takes for a
// request, as it came, must not be another one.
func FuzzRequestHead(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"\r\nPOST http://a:1/b?c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: a\r\n b\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X\r\n\r\n1;a\r\nb\r\n0\r\nX: 1\r\n\r\n",
		"GET / HTTP/1.0\r\nConnection: keep-alive, x\r\nX: 1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	p := &Proxy{}
	f.Fuzz(func(t *testing.T, sent []byte) {
		c := &client{wire: wire{Conn: canned(sent)}, run: &run{proxy: p}}
		defer c.release()
		c.fill()
		c.skipLines()
		s, err := c.readHead(p.maxHeader(), nil)
		x := &exchange{proxy: p, major: 1}
		x.body.fresh(x)
		if err != nil || c.understand(x, s) != nil {
			return
		}
		x.endpoint = "endpoint:1"
		whole, body := wholeBody(x)
		to := canned(nil)
		out := &frame{conn: to, chunked: x.length < 0, out: x.appendRequest(nil)}
		if len(body) > 0 {
			out.add(body)
		}
		if whole {
			require.NoError(t, out.end(x.in.end))
		} else {
			out.flush()
		}
		forwarded := to.Bytes()
		target := x.target
		if _, err := url.Parse("http://" + target); err != nil && x.method == "CONNECT" {
			return // net/http is more particular about brackets
		}
		if _, err := url.ParseRequestURI(target); err != nil && x.method != "CONNECT" {
			forwarded = bytes.Replace(forwarded, []byte(" "+target+" "), []byte(" / "), 1)
			target = "/" // net/http does not take it, but it has no say in what follows
		}
		br := bufio.NewReader(bytes.NewReader(forwarded))
		r, err := http.ReadRequest(br)
		require.NoError(t, err, "%q", forwarded)
		require.Equal(t, x.method, r.Method)
		require.Equal(t, target, r.RequestURI)
		if x.host != "" && x.method != "CONNECT" {
			require.Equal(t, x.host, r.Host)
		}
		want := headerOf(x.header)
		if x.length < 0 {
			require.Equal(t, []string{"chunked"}, r.TransferEncoding)
		} else {
			require.Equal(t, x.length, r.ContentLength)
			require.Empty(t, r.TransferEncoding)
		}
		for _, name := range []string{"Connection", "Upgrade", "Te", "Content-Length", "Trailer"} {
			delete(r.Header, name)
			delete(want, name)
		}
		if r.Header.Get("Pragma") == "no-cache" { // net/http adds it
			delete(r.Header, "Cache-Control")
			delete(want, "Cache-Control")
		}
		require.Equal(t, want, r.Header)
		got, err := io.ReadAll(r.Body)
		if whole {
			require.NoError(t, err)
			require.Equal(t, string(body), string(got))
			_, err = br.ReadByte()
			require.ErrorIs(t, err, io.EOF, "something is left behind %q", forwarded)
		} else {
			require.Error(t, err, "a body that was cut is whole: %q", forwarded)
		}
		came, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimLeft(sent, "\r\n"))))
		if err == nil && x.minor > 0 {
			require.Equal(t, came.Method, x.method)
			require.Equal(t, came.ContentLength, x.length, "%q", sent)
		}
	})
}

// wholeBody reads the whole body of a request.
func wholeBody(x *exchange) (whole bool, all []byte) {
	if x.body.whole {
		return true, slices.Clone(x.body.first)
	}
	for {
		p, err := x.in.next()
		if err != nil {
			return err == io.EOF, all
		}
		all = append(all, p...)
	}
}

// What a client gets must be to net/http what it was to the proxy.
func FuzzResponseHead(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nb\r\n0\r\nX: 1\r\n\r\n",
		"HTTP/1.0 404\nX: 1\n 2\nConnection: keep-alive\n\nabc",
		"HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
	} {
		f.Add([]byte(s), false, false)
	}
	p := &Proxy{}
	f.Fuzz(func(t *testing.T, sent []byte, isHead, old bool) {
		x := &exchange{proxy: p, major: 1, minor: 1, method: "GET", down: nowhere{}}
		if isHead {
			x.method = "HEAD"
		}
		if old {
			x.minor = 0
		}
		x.body.fresh(x)
		x.body.whole = true
		from := &upConn{wire: wire{Conn: canned(sent)}}
		defer from.release()
		a := &answer{}
		if x.readAnswer(from, a) != nil {
			return
		}
		to := canned(nil)
		c := &client{wire: wire{Conn: to}, run: &run{proxy: p}}
		err := c.relay(x, a)
		got := to.Bytes()
		br := bufio.NewReader(bytes.NewReader(got))
		r, readErr := http.ReadResponse(br, &http.Request{Method: x.method})
		require.NoError(t, readErr, "%q", got)
		require.Equal(t, a.status, r.StatusCode)
		want := headerOf(a.header)
		for _, name := range []string{"Connection", "Content-Length", "Trailer"} {
			delete(r.Header, name)
			delete(want, name)
		}
		if r.Header.Get("Pragma") == "no-cache" {
			delete(r.Header, "Cache-Control")
			delete(want, "Cache-Control")
		}
		require.Equal(t, want, r.Header)
		body, readErr := io.ReadAll(r.Body)
		if err != nil {
			require.True(t, old || readErr != nil, "an answer that broke off is whole: %q", got)
			return
		}
		require.NoError(t, readErr, "%q", got)
		if a.how == noBody {
			require.Empty(t, body)
		}
		if a.how != noBody && (x.minor > 0 || a.how == byLength) {
			_, readErr = br.ReadByte()
			require.ErrorIs(t, readErr, io.EOF, "something is left behind %q", got)
		}
	})
}

// The body is the same however it is cut into reads.
func FuzzChunks(f *testing.F) {
	f.Add("3\r\nabc\r\n0\r\n\r\n", 1)
	f.Add("1;x\r\na\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n", 3)
	f.Fuzz(func(t *testing.T, sent string, size int) {
		read := func(r io.Reader) (string, error) {
			w := &wire{Conn: &cannedConn{Reader: r}}
			defer w.release()
			var b body
			b.start(w, chunked, 0, 1024)
			var all strings.Builder
			for {
				ready := b.ready()
				p, err := b.next()
				if err != nil {
					if ready && err == io.ErrUnexpectedEOF {
						t.Errorf("it was said to be ready: %q", sent)
					}
					return all.String(), err
				}
				all.Write(p)
			}
		}
		one, err1 := read(strings.NewReader(sent))
		two, err2 := read(&slow{sent, max(1, size%8)})
		require.Equal(t, err1, err2)
		if err1 == io.EOF {
			require.Equal(t, one, two)
		}
	})
}

// slow gives a few bytes at a time.
type slow struct {
	left string
	size int
}

func (s *slow) Read(b []byte) (int, error) {
	if s.left == "" {
		return 0, io.EOF
	}
	n := copy(b, s.left[:min(s.size, len(s.left))])
	s.left = s.left[n:]
	return n, nil
}
