package fetch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// serve has each connection to web:80 answered by answer, and returns a context
// in which that is so.
func serve(t *testing.T, answer func(net.Conn, *http.Request)) context.Context {
	t.Helper()
	n := new(podtest.Network)
	l, err := n.Listen(t.Context(), "tcp", "web:80")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					answer(c, req)
				}
			}()
		}
	}()
	return (&sandbox.Sandbox{Dial: n.DialContext}).Context(t.Context())
}

func says(text string, close bool) func(net.Conn, *http.Request) {
	return func(c net.Conn, _ *http.Request) {
		io.WriteString(c, text)
		if close {
			c.Close()
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func TestAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	small, bomb := zipped("hello"), zipped(strings.Repeat("a", 1<<20))
	for name, test := range map[string]struct {
		answer string
		open   bool // the connection stays open
		ends   bool // EndsByClose
		want   string
		err    string
	}{
		"length":            {answer: ok + "Content-Length: 5\r\n\r\nhello", open: true, want: "hello"},
		"chunks":            {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", open: true, want: "hello"},
		"empty":             {answer: ok + "Content-Length: 0\r\n\r\n", open: true},
		"gzip":              {answer: fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", ok, len(small), small), open: true, want: "hello"},
		"ends by close":     {answer: ok + "\r\nhello", ends: true, want: "hello"},
		"informational":     {answer: "HTTP/1.1 103 Early Hints\r\n\r\n" + ok + "Content-Length: 5\r\n\r\nhello", open: true, want: "hello"},
		"limit":             {answer: ok + "Content-Length: 100\r\n\r\n" + strings.Repeat("a", 100), open: true, want: strings.Repeat("a", 100)},
		"no length":         {answer: ok + "\r\nhello", err: "http://web/m: the body has no Content-Length, and so may be cut off"},
		"too short":         {answer: ok + "Content-Length: 6\r\n\r\nhello", err: "http://web/m: cut off: unexpected EOF"},
		"too long":          {answer: ok + "Content-Length: 4\r\n\r\nhello", err: "the server sent more than the body"},
		"negative length":   {answer: ok + "Content-Length: -4\r\n\r\nhello", err: "no HTTP answer"},
		"two lengths":       {answer: ok + "Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", err: "no HTTP answer"},
		"a large length":    {answer: ok + "Content-Length: 101\r\n\r\n", open: true, err: "the body has 101 bytes, more than 100"},
		"large chunks":      {answer: ok + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + strings.Repeat("a", 101), open: true, err: "the body has more than 100 bytes"},
		"large and open":    {answer: ok + "\r\n" + strings.Repeat("a", 1000), open: true, ends: true, err: "the body has more than 100 bytes"},
		"no last chunk":     {answer: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", err: "cut off: unexpected EOF"},
		"half a chunk":      {answer: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", err: "cut off: unexpected EOF"},
		"no chunk":          {answer: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", err: "chunk"},
		"half a gzip":       {answer: ok + "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + small[:20], open: true, err: "cut off: unexpected EOF"},
		"no gzip":           {answer: ok + "Content-Encoding: gzip\r\nContent-Length: 15\r\n\r\nhello hello hel", open: true, err: "gzip: invalid header"},
		"gzip that unpacks": {answer: fmt.Sprintf("%sContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", ok, len(bomb), bomb), open: true, err: "00 bytes"},
		"unknown encoding":  {answer: ok + "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", err: `Content-Encoding: "br" is not known`},
		"status":            {answer: "HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nhello", err: "the answer is 503 Busy"},
		"redirect nowhere":  {answer: "HTTP/1.1 302 Found\r\n\r\n", err: "the answer is 302 Found"},
		"redirect to other": {answer: "HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n\r\n", err: `redirect to another server: "http://evil/"`},
		"redirects":         {answer: "HTTP/1.1 302 Found\r\nLocation: m\r\n\r\n", err: "more than 3 redirects"},
		"nothing":           {err: "no HTTP answer: cut off: unexpected EOF"},
		"half a head":       {answer: ok + "Content-Le", err: "no HTTP answer: "},
		"a large head":      {answer: ok + "X: " + strings.Repeat("x", headLimit), open: true, err: "the head has more than 65536 bytes"},
		"only hints":        {answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 6), open: true, err: "only informational ones"},
		"binary":            {answer: strings.Repeat("\x00\xff\n", 50), open: true, err: "no HTTP answer: malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			podtest.NoLeaks(t)
			synctest.Test(t, func(t *testing.T) {
				ctx := serve(t, says(test.answer, !test.open))
				c := &Client{URL: "http://web/m", Limit: 100, EndsByClose: test.ends}
				b, err := c.Bytes(ctx)
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
					require.ErrorContains(t, err, "http://web/m: ")
					require.Nil(t, c.conn)
				} else {
					require.NoError(t, err)
					require.Equal(t, test.want, string(b))
					require.Equal(t, test.open, c.conn != nil)
				}
				c.Close()
			})
		})
	}
}

func TestTheConnectionIsKept(t *testing.T) {
	podtest.NoLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		conns := map[net.Conn]int{}
		ctx := serve(t, func(c net.Conn, req *http.Request) {
			conns[c]++
			if req.URL.Path == "/m" {
				io.WriteString(c, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /metrics\r\n\r\n")
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(req.Header.Get("Authorization")), req.Header.Get("Authorization"))
			if conns[c] == 3 {
				c.Close()
			}
		})
		c := &Client{URL: "http://u:p@web/metrics", Limit: 100}
		for range 6 {
			b, err := c.Bytes(ctx)
			require.NoError(t, err)
			require.Equal(t, "Basic dTpw", string(b))
		}
		require.Len(t, conns, 2)

		elsewhere := (&sandbox.Sandbox{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no way") }}).Context(t.Context())
		_, err := c.Bytes(elsewhere)
		require.EqualError(t, err, "http://u:xxxxx@web/metrics: no way")

		moved := &Client{URL: "http://web/m", Limit: 100}
		_, err = moved.Bytes(ctx)
		require.NoError(t, err)
		moved.Close()
		moved.Close()
	})
}

func TestCtxEndsEverything(t *testing.T) {
	for name, answer := range map[string]string{
		"head": "HTTP/1.1 200 OK\r\n",
		"body": "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
		"gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 50\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := serve(t, says(answer, false))
				c := &Client{URL: "http://web/m", Limit: 100}
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				began := time.Now()
				_, err := c.Bytes(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Second, time.Since(began))
				require.Nil(t, c.conn)
			})
		})
	}
}

func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"http://web":                        "tcp web:80 web /",
		"http://web:8080/a%20b?c=d#e":       "tcp web:8080 web:8080 /a%20b?c=d",
		"http://[::1]:1/":                   "tcp [::1]:1 [::1]:1 /",
		"unix:run/s:/stub?x":                "unix run/s localhost /stub?x",
		"unix:/run/s":                       "unix /run/s localhost /",
		"":                                  `"" is neither http://host:port/path nor unix:path:/path`,
		"web:80":                            "is neither",
		"https://web/":                      "is neither",
		"http://":                           "has no host",
		"http://web:0/":                     "has no port from 1 to 65535",
		"http://u:secret@web:x/":            `is not http://host:port/path: invalid port ":x" after host`,
		"unix:":                             "names no path after unix:",
		"unix::/x":                          "names no path after unix:",
		"unix:s:/\x00":                      "has no path that can be asked for",
		"http://web/a\r\nX: y":              "is not http://host:port/path",
		"http://a:b@we b/":                  "is not http://host:port/path",
		"http://user:secret@web:65536/path": "has no port",
	} {
		a, err := parse(url)
		if err != nil {
			require.ErrorContains(t, err, want, url)
			require.NotContains(t, err.Error(), "secret")
			continue
		}
		require.Equal(t, want, strings.Join([]string{a.Network, a.Name, a.host, a.uri}, " "), url)
	}
	require.ErrorContains(t, (&Client{URL: "http://web/"}).Validate(), "Limit: 0 is not above 0")
	_, err := (&Client{URL: "ftp://web/", Limit: 1}).Get(t.Context())
	require.ErrorContains(t, err, "URL: ")
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 29\r\n\r\n" + zipped("hello")))
	f.Fuzz(func(t *testing.T, answer []byte) {
		dial := func(context.Context, string, string) (net.Conn, error) {
			return &recorded{r: bytes.NewReader(answer)}, nil
		}
		c := &Client{URL: "http://web/", Limit: 100, EndsByClose: true}
		ctx := (&sandbox.Sandbox{Dial: dial}).Context(context.Background())
		if b, err := c.Bytes(ctx); err == nil && len(b) > 100 {
			t.Fatalf("%d bytes", len(b))
		}
		c.Close()
	})
}

// recorded is a connection on which the answer is there already.
type recorded struct {
	net.Conn
	r io.Reader
}

func (r *recorded) Read(p []byte) (int, error)  { return r.r.Read(p) }
func (r *recorded) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorded) SetDeadline(time.Time) error { return nil }
func (r *recorded) Close() error                { return nil }
