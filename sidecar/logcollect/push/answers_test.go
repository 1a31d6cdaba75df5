package push

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// An attempt is a Sink of lines as they are, and its server.
type attempt struct {
	*fake
	*bubble
	sink *Sink
}

func newAttempt(t *testing.T, answer func(w http.ResponseWriter, n int, r request) bool) *attempt {
	f := &fake{TB: t, decode: rawLines, answer: answer}
	return &attempt{f, newBubble(t, f), &Sink{URL: "http://user:secret@logs/in?token=secret", Format: verbatim{}}}
}

func TestAnswers(t *testing.T) {
	const server = "POST http://logs/in: "
	for _, c := range []struct {
		code   int
		text   string
		header string        // a header of the answer, with its value
		after  time.Duration // when the next Write is taken; all others are refused at once
		err    string
		drops  bool // with DropRefused
	}{
		{code: 200},
		{code: 202, text: "thanks"},
		{code: 204},
		{code: 299},
		{code: 200, header: "Content-Type: text/html; charset=utf-8", text: "<html>Log in", err: "answered 200 with a page for people, so there is no log server"},
		{code: 302, header: "Location: http://u:secret@elsewhere/?secret", err: "302 Found to http://elsewhere/"},
		{code: 307, header: "Location: /other", err: "307 Temporary Redirect to /other"},
		{code: 304, err: "304 Not Modified"},
		{code: 400, text: "bad line\n", err: `400 Bad Request: "bad line"; it is for a line of 3 bytes of a.log, beginning "one"`, drops: true},
		{code: 422, text: "", err: `422 Unprocessable Entity; it is for a line of 3 bytes`, drops: true},
		{code: 413, text: "", err: `413 Request Entity Too Large; it is for a line of 3 bytes`, drops: true},
		{code: 401, text: "no org id", err: `401 Unauthorized: "no org id"`},
		{code: 403, err: "403 Forbidden"},
		{code: 404, err: "404 Not Found"},
		{code: 408, err: "408 Request Timeout"},
		{code: 415, err: "415 Unsupported Media Type"},
		{code: 429, text: "slow down", err: `429 Too Many Requests: "slow down"`},
		{code: 429, header: "Retry-After: 7", after: 7 * time.Second, err: "429 Too Many Requests; not before 7s"},
		{code: 503, header: "Retry-After: Sat, 01 Jan 2000 00:01:30 GMT", after: 90 * time.Second, err: "503 Service Unavailable; not before 1m30s"},
		{code: 503, header: "Retry-After: Sat, 01 Jan 2000 09:01:30 GMT", after: 5 * time.Minute, err: "503 Service Unavailable; not before 5m0s"},
		{code: 503, header: "Retry-After: Fri, 31 Dec 1999 00:01:30 GMT", err: "503 Service Unavailable"},
		{code: 503, header: "Retry-After: -3", err: "503 Service Unavailable"},
		{code: 503, header: "Retry-After: soon", err: "503 Service Unavailable"},
		{code: 500, text: strings.Repeat("x", 1000), err: `500 Internal Server Error: "` + strings.Repeat("x", 300) + `"`},
		{code: 502, err: "502 Bad Gateway"},
		{code: 504, err: "504 Gateway Timeout"},
		{code: 599, err: "599 "},
	} {
		for _, drop := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s drop %v", c.code, c.header, drop), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newAttempt(t, func(w http.ResponseWriter, n int, _ request) bool {
						if n > 1 {
							return code(w, 204, "")
						}
						if name, value, ok := strings.Cut(c.header, ": "); ok {
							w.Header().Set(name, value)
						}
						return code(w, c.code, c.text) && c.err == ""
					})
					a.sink.DropRefused = drop
					err := a.sink.Write(a.ctx, batch("a.log", "one\n"))
					switch {
					case c.err == "":
						require.NoError(t, err)
						require.Equal(t, Stats{Requests: 1, Bytes: 4, Lines: 1}, a.sink.Stats())
						require.Empty(t, a.log.lines)
						return
					case drop && c.drops:
						require.NoError(t, err)
						require.Equal(t, Stats{Requests: 1, Failures: 1, Bytes: 4, Dropped: 1}, a.sink.Stats())
						require.Len(t, a.log.lines, 1)
						require.Contains(t, a.log.lines[0], "push: the server refuses a line, which is given up file=a.log bytes=3 begin=one err=POST http://logs/in: ")
						require.Empty(t, a.texts())
						return
					}
					require.ErrorContains(t, err, server+c.err)
					require.NotContains(t, err.Error(), "secret")
					require.Less(t, len(err.Error()), 400)
					if c.drops {
						require.Len(t, a.log.lines, 1)
						require.Contains(t, a.log.lines[0], "everything waits for it file=a.log bytes=3 begin=one")
					} else {
						require.Empty(t, a.log.lines, "the Collector logs it")
					}
					began := time.Now()
					require.NoError(t, a.sink.Write(a.ctx, batch("a.log", "one\n")))
					require.Equal(t, c.after, time.Since(began))
					require.Equal(t, []string{"one"}, a.texts())
					require.Equal(t, Stats{Requests: 2, Failures: 1, Bytes: 8, Lines: 1}, a.sink.Stats())
				})
			})
		}
	}
}

// Retry-After is as the server's clock goes.
func TestRetryAfterByDate(t *testing.T) {
	for date, want := range map[string]time.Duration{
		"Sun, 06 Nov 1994 08:49:37 GMT": 23 * time.Second,
		"nonsense":                      0,
	} {
		a := answer{header: http.Header{"Retry-After": {"Sun, 06 Nov 1994 08:50:00 GMT"}, "Date": {date}}}
		require.Equal(t, want, a.wait())
	}
}

func TestPauseEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, func(w http.ResponseWriter, _ int, _ request) bool {
			w.Header().Set("Retry-After", "60")
			return code(w, 503, "")
		})
		ctx, cancel := context.WithTimeout(a.ctx, 10*time.Second)
		defer cancel()
		require.ErrorContains(t, a.sink.Write(ctx, batch("a.log", "one\n")), "503")
		require.ErrorIs(t, a.sink.Write(ctx, batch("a.log", "one\n")), context.DeadlineExceeded)
		require.Equal(t, 1, a.sent())
		began := time.Now()
		a.answer = nil
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", "one\n")))
		require.Equal(t, 50*time.Second, time.Since(began), "a new run waits as well")
	})
}

func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		p := newBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}))
		s := &Sink{URL: "http://logs", Format: verbatim{}}
		began := time.Now()
		err := s.Write(p.ctx, batch("a.log", "one\n"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "POST http://logs: no whole answer within 30s: context deadline exceeded")
		require.Equal(t, 30*time.Second, time.Since(began))

		s.Timeout = time.Minute
		ctx, cancel := context.WithCancel(p.ctx)
		time.AfterFunc(5*time.Second, cancel)
		began = time.Now()
		require.ErrorIs(t, s.Write(ctx, batch("a.log", "one\n")), context.Canceled)
		require.Equal(t, 5*time.Second, time.Since(began))
		close(hang)
		require.NoError(t, s.Write(p.ctx, batch("a.log", "one\n")))
	})
}

// hijack answers with raw bytes and closes the connection.
func hijack(t testing.TB, w http.ResponseWriter, raw string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	require.NoError(t, err)
	io.WriteString(conn, raw)
	conn.Close()
}

func TestBrokenAnswers(t *testing.T) {
	for raw, want := range map[string]string{
		"":                    "POST http://logs/in: EOF",
		"HTTP/1.1 20":         "malformed HTTP status code",
		"SSH-2.0-OpenSSH\r\n": "malformed HTTP",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf":                  "200 OK, and its answer broke off: unexpected EOF",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n": "200 OK, and its answer broke off: unexpected EOF",
		"HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nhalf":                  "500 No, and its answer broke off: unexpected EOF",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 11<<20) + "\r\n\r\n":  "server response headers exceeded",
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAttempt(t, func(w http.ResponseWriter, n int, _ request) bool {
					if n > 1 {
						return code(w, 200, strings.Repeat("a long answer", 1<<20))
					}
					hijack(t, w, raw)
					return false
				})
				err := a.sink.Write(a.ctx, batch("a.log", "one\n"))
				require.ErrorContains(t, err, want)
				require.NotContains(t, err.Error(), "secret")
				require.NoError(t, a.sink.Write(a.ctx, batch("a.log", "one\n")))
				require.Equal(t, []string{"one"}, a.texts())
			})
		})
	}
}

// A server that says yes before it has the request does not know what it says.
func TestHastyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			require.NoError(t, err)
			t.Cleanup(func() { conn.Close() })
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}))
		s := &Sink{URL: "http://logs", Format: verbatim{}}
		b := batch("a.log", strings.Repeat("x", 1<<20)+"\n")
		require.EqualError(t, s.Write(p.ctx, b), "POST http://logs: answered 200 before it had all of the request")
		require.Equal(t, Stats{Requests: 1, Failures: 1, Bytes: 1<<20 + 1}, s.Stats())
	})
}

func TestServerDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{TB: t, decode: rawLines}
		p := &bubble{log: &logged{}}
		p.begin(t)
		s := &Sink{URL: "http://logs", Format: verbatim{}}
		require.ErrorContains(t, s.Write(p.ctx, batch("a.log", "one\n")), "POST http://logs: dial tcp ")
		srv := p.serve(t, f)
		require.NoError(t, s.Write(p.ctx, batch("a.log", "one\n")))
		srv.Close()
		require.Error(t, s.Write(p.ctx, batch("a.log", "two\n")), "not sent through the connection that was")
		p.serve(t, f)
		require.NoError(t, s.Write(p.ctx, batch("a.log", "two\n")))
		require.Equal(t, []string{"one", "two"}, f.texts())
	})
}

// The request's bytes are used again, and a transport may be sending still.
func TestBodyIsNotReadLater(t *testing.T) {
	b := &body{bytes: []byte("hello")}
	r := b.reader()
	var p [3]byte
	n, err := r.Read(p[:])
	require.NoError(t, err)
	require.Equal(t, "hel", string(p[:n]))
	require.False(t, b.shut())
	_, err = r.Read(p[:])
	require.ErrorIs(t, err, errShut)

	b = &body{bytes: bytes.Repeat([]byte("x"), 100)}
	_, err = io.Copy(io.Discard, b.reader())
	require.NoError(t, err)
	second := b.reader()
	_, err = second.Read(p[:])
	require.NoError(t, err)
	require.False(t, b.shut(), "it was the first one that read all")
}
