package push

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func listen(t testing.TB, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestTLS(t *testing.T) {
	f := &fake{TB: t, decode: rawLines}
	protocol := ""
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol = r.Proto
		f.ServeHTTP(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	s := &Sink{URL: srv.URL, Format: verbatim{}, Client: srv.Client()}
	require.NoError(t, s.Write(t.Context(), batch("a", numbered(100_000))))
	require.Equal(t, split(numbered(100_000)), f.texts())
	require.Equal(t, "HTTP/2.0", protocol)

	s = &Sink{URL: srv.URL, Format: verbatim{}}
	require.ErrorContains(t, s.Write(t.Context(), batch("a", "one\n")), "certificate")
}

// A redirected POST becomes a GET, which the other server has an answer to.
func TestRedirectIsNotFollowed(t *testing.T) {
	asked := 0
	other := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++ }))
	for _, code := range []int{301, 302, 303, 307, 308} {
		url := listen(t, http.RedirectHandler(other, code))
		for _, c := range []*http.Client{nil, {}, http.DefaultClient} {
			s := &Sink{URL: url, Format: NDJSON{}, Client: c}
			require.ErrorContains(t, s.Write(t.Context(), batch("a", "one\n")), " to "+other)
		}
	}
	require.Zero(t, asked)
	require.Nil(t, http.DefaultClient.CheckRedirect)
}

func TestBasicAuthorization(t *testing.T) {
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.WriteHeader(401)
		}
		io.Copy(io.Discard, r.Body)
	}))
	s := &Sink{URL: "http://me:secret@" + url[len("http://"):], Format: NDJSON{}}
	require.NoError(t, s.Write(t.Context(), batch("a", "one\n")))
	s.URL = url
	require.ErrorContains(t, s.Write(t.Context(), batch("a", "one\n")), "401")
}

// The environment's proxy is for what goes out, not for what is beside.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	f := &fake{TB: t}
	s := &Sink{URL: listen(t, f), Format: NDJSON{}}
	c, _ := s.client()
	require.Nil(t, c.Transport.(*http.Transport).Proxy)
	require.NoError(t, s.Write(t.Context(), batch("a", "one\n")))
}
