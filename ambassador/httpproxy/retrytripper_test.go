package httpproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body string, header ...string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

// script answers as its steps say, the last one from then on, and reads each
// request's body.
func script(t *testing.T, bodies *[]string, steps ...func() (*http.Response, error)) http.RoundTripper {
	n := 0
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			b, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			*bodies = append(*bodies, string(b))
			r.Body.Close()
		}
		step := steps[min(n, len(steps)-1)]
		n++
		return step()
	})
}

func gives(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return respond(status, body, header...), nil }
}

func fails(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func TestRetryTripper(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		method string
		body   string
		retry  *Retry
		steps  []func() (*http.Response, error)
		tries  int
		status int
		want   string
	}{
		{"repeats with the body", "PUT", "hello", &Retry{}, []func() (*http.Response, error){gives(503, ""), fails(broken), gives(200, "ok")}, 3, 200, "ok"},
		{"passes the last answer on", "GET", "", &Retry{}, []func() (*http.Response, error){gives(503, "1"), gives(502, "2"), gives(504, "3"), gives(200, "")}, 3, 504, "3"},
		{"an answer is better than none", "GET", "", &Retry{}, []func() (*http.Response, error){gives(503, "sorry"), fails(broken)}, 3, 503, "sorry"},
		{"also a long one", "GET", "", &Retry{}, []func() (*http.Response, error){gives(503, strings.Repeat("x", 10_000)), fails(broken)}, 3, 503, strings.Repeat("x", 10_000)},
		{"gives up", "GET", "", &Retry{}, []func() (*http.Response, error){fails(broken)}, 3, 0, "broken"},
		{"not what is too long to be kept", "PUT", "hello", &Retry{MaxBody: 4}, []func() (*http.Response, error){gives(503, "no")}, 1, 503, "no"},
		{"an exact fit", "PUT", "hello", &Retry{MaxBody: 5}, []func() (*http.Response, error){gives(503, "no"), gives(200, "")}, 2, 200, ""},
		{"keeps nothing", "PUT", "hello", &Retry{MaxBody: -1}, []func() (*http.Response, error){gives(503, "no")}, 1, 503, "no"},
		{"a POST that nobody saw", "POST", "hello", &Retry{}, []func() (*http.Response, error){fails(broken), gives(201, "")}, 2, 201, ""},
		{"no POST that somebody saw", "POST", "hello", &Retry{}, []func() (*http.Response, error){gives(503, "busy")}, 1, 503, "busy"},
		{"heeds Retry-After", "GET", "", &Retry{}, []func() (*http.Response, error){gives(503, "busy", "Retry-After", "5")}, 1, 503, "busy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies []string
				tries := 0
				inner := script(t, &bodies, test.steps...)
				rt := test.retry.RoundTripper(roundTripper(func(r *http.Request) (*http.Response, error) {
					tries++
					return inner.RoundTrip(r)
				}))
				req, err := http.NewRequest(test.method, "http://example.com", strings.NewReader(test.body))
				require.NoError(t, err)
				source := &closing{Reader: req.Body}
				if test.body == "" {
					req.Body = nil
				} else {
					req.Body = source
				}
				res, err := rt.RoundTrip(req)
				require.Equal(t, test.tries, tries)
				if test.body != "" {
					require.Equal(t, 1, source.closed)
					for _, b := range bodies {
						require.Equal(t, test.body, b)
					}
				}
				if test.status == 0 {
					require.ErrorContains(t, err, test.want)
					return
				}
				require.NoError(t, err)
				require.Equal(t, test.status, res.StatusCode)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.Equal(t, test.want, string(body))
				require.NoError(t, res.Body.Close())
			})
		})
	}
}

func TestRetryTripperEndsATryThatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		rt := (&Retry{Tries: 2, TryTimeout: time.Second}).RoundTripper(roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		req, _ := http.NewRequest("GET", "http://example.com", nil)
		_, err := rt.RoundTrip(req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "TryTimeout")
		require.InDelta(t, 2025*time.Millisecond, time.Since(began), float64(13*time.Millisecond))

		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		began = time.Now()
		_, err = rt.RoundTrip(req.WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1500*time.Millisecond, time.Since(began), "the whole has its own limit")
	})
}

func TestRetryTripperStopsForAClientThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		rt := (&Retry{Pause: time.Minute}).RoundTripper(roundTripper(func(*http.Request) (*http.Response, error) {
			tries++
			time.AfterFunc(time.Second, cancel)
			return respond(503, ""), nil
		}))
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://example.com", nil)
		_, err := rt.RoundTrip(req)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, tries)
	})
}

func TestRetryTripperOverTheNetwork(t *testing.T) {
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch n.Add(1) % 3 {
		case 1:
			c, _, _ := w.(http.Hijacker).Hijack()
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprintf(w, "%d bytes", len(body))
		}
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: (&Retry{Pause: time.Millisecond, Budget: &Budget{PerSecond: 10_000}}).RoundTripper(transport)}
	for range 30 {
		req, err := http.NewRequest("PUT", server.URL, io.MultiReader(strings.NewReader(strings.Repeat("x", 30_000)))) // no GetBody
		require.NoError(t, err)
		res, err := client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "30000 bytes", string(body))
	}
	require.EqualValues(t, 90, n.Load())
}

func TestRetryTripperStreamsBothWays(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		b := make([]byte, 1)
		for {
			if _, err := r.Body.Read(b); err != nil {
				return
			}
			w.Write(b)
			w.(http.Flusher).Flush()
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	from, to := io.Pipe()
	req, err := http.NewRequest("PUT", server.URL, from)
	require.NoError(t, err)
	client := &http.Client{Transport: (&Retry{}).RoundTripper(server.Client().Transport)}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b := make([]byte, 1)
	for _, c := range "streamed" {
		to.Write([]byte{byte(c)})
		_, err := io.ReadFull(res.Body, b)
		require.NoError(t, err)
		require.Equal(t, byte(c), b[0])
	}
	to.Close()
	_, err = res.Body.Read(b)
	require.Equal(t, io.EOF, err)
}

func TestRetryTripperWithWrongFields(t *testing.T) {
	source := &closing{Reader: strings.NewReader("x")}
	req, _ := http.NewRequest("PUT", "http://example.com", source)
	_, err := (&Retry{Tries: -1}).RoundTripper(nil).RoundTrip(req)
	require.ErrorContains(t, err, "Tries: -1 is negative")
	require.Equal(t, 1, source.closed)
}
