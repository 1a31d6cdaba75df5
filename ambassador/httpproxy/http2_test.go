package httpproxy

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
	"github.com/podpatterns/podpatterns/internal/authority"
)

// protocols has those whose names are given: 1, 2, h2c.
func protocols(names ...string) *http.Protocols {
	var p http.Protocols
	for _, n := range names {
		switch n {
		case "1":
			p.SetHTTP1(true)
		case "2":
			p.SetHTTP2(true)
		case "h2c":
			p.SetUnencryptedHTTP2(true)
		}
	}
	return &p
}

// h2cBackend is a server of that handler that speaks HTTP/2 without TLS.
func h2cBackend(t testing.TB, h http.Handler) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = protocols("1", "h2c")
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func h2cClient(t testing.TB) *http.Client {
	tr := &http.Transport{Protocols: protocols("h2c")}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

// conversation answers each line with one, while both bodies go on, and says at
// the end how many there were, in a trailer.
func conversation() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		c.EnableFullDuplex()
		w.Header().Set("X-Proto", r.Proto)
		w.Header().Set("Trailer", "Lines")
		w.WriteHeader(200)
		c.Flush()
		buf, n := make([]byte, 100), 0
		for {
			k, err := r.Body.Read(buf)
			if k > 0 {
				n++
				io.WriteString(w, strings.ToUpper(string(buf[:k])))
				c.Flush()
			}
			if err != nil {
				break
			}
		}
		w.Header().Set("Lines", strings.Repeat("x", n)+r.Trailer.Get("Sum"))
	})
}

// converse talks with a conversation through a client.
func converse(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	body, in := io.Pipe()
	req, err := http.NewRequest("POST", url, body)
	require.NoError(t, err)
	req.Trailer = http.Header{"Sum": nil}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		_, err := io.WriteString(in, line)
		require.NoError(t, err)
		b := make([]byte, len(line))
		_, err = io.ReadFull(resp.Body, b)
		require.NoError(t, err)
		require.Equal(t, strings.ToUpper(line), string(b))
	}
	req.Trailer.Set("Sum", "!")
	in.Close()
	_, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "xxx!", resp.Trailer.Get("Lines"))
	return resp
}

func TestConversationsInAllVersions(t *testing.T) {
	for _, up := range []string{"1", "2"} {
		for _, down := range []string{"1", "h2c", "handler"} {
			t.Run(down+" to "+up, func(t *testing.T) {
				p := &Proxy{HTTP2: up == "2"}
				if p.HTTP2 {
					p.Upstream = To(h2cBackend(t, conversation()))
				}
				r := newRig(t, p, conversation())
				client, url := r.client(), r.url("/x")
				switch down {
				case "h2c":
					client = h2cClient(t)
				case "handler":
					s := httptest.NewServer(p)
					defer s.Close()
					url = s.URL
				}
				for range 3 {
					resp := converse(t, client, url)
					require.Equal(t, "HTTP/"+map[string]string{"1": "1.1", "2": "2.0"}[up], resp.Header.Get("X-Proto"))
				}
				client.CloseIdleConnections()
				require.NoError(t, r.finish())
				require.EqualValues(t, 3, p.Stats().Answered)
			})
		}
	}
}

func TestHTTP2InTLSOnBothSides(t *testing.T) {
	a := authority.New(t)
	s := httptest.NewUnstartedServer(conversation())
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.Sign("up.example")}}
	s.StartTLS()
	t.Cleanup(s.Close)
	p := &Proxy{
		HTTP2: true,
		TLS:   &TLS{Config: &tls.Config{Certificates: []tls.Certificate{a.Sign("front.example")}}},
		Upstream: &upstream.Cluster{
			Endpoints: upstream.To(s.Listener.Addr().String()),
			TLS:       &upstream.TLS{ServerName: "up.example", Config: &tls.Config{RootCAs: a.Pool(), NextProtos: []string{"h2"}}},
		},
	}
	r := newRig(t, p, nil)
	for _, v := range []string{"1", "2"} {
		tr := &http.Transport{
			Protocols:       protocols(v),
			TLSClientConfig: &tls.Config{RootCAs: a.Pool(), ServerName: "front.example"},
		}
		resp := converse(t, &http.Client{Transport: tr, Timeout: patience}, "https://"+r.addr+"/x")
		require.Equal(t, "HTTP/2.0", resp.Header.Get("X-Proto"))
		require.Equal(t, map[string]int{"1": 1, "2": 2}[v], resp.ProtoMajor)
		tr.CloseIdleConnections()
	}
	require.NoError(t, r.finish())
}

func TestRoundTripper(t *testing.T) {
	for _, up := range []string{"1", "2"} {
		p := &Proxy{HTTP2: up == "2"}
		p.Upstream = To(h2cBackend(t, conversation()))
		client := &http.Client{Transport: p, Timeout: patience}
		for range 3 {
			converse(t, client, "http://whatever/x")
		}
		client.CloseIdleConnections()
		require.EqualValues(t, 3, p.Stats().Answered)
	}
}

func TestAbortedAnswerInHTTP2IsReset(t *testing.T) {
	r := newRig(t, &Proxy{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	resp, err := h2cClient(t).Get(r.url("/"))
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.Error(t, err)
	require.Equal(t, "half", string(b))
	require.Eventually(t, func() bool { return r.proxy.Stats().Aborted == 1 }, patience, time.Millisecond)
}
