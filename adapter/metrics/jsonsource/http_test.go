package jsonsource

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// raw answers each connection's first request with what it is given, and closes.
func raw(t *testing.T, answer string, then func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
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
				c.Read(make([]byte, 4096))
				io.WriteString(c, answer)
				if then != nil {
					then(c)
				}
			}()
		}
	}()
	return "http://user:secret@" + l.Addr().String() + "/d"
}

func TestDocumentsOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "application/json", r.Header.Get("Accept"))
		fmt.Fprint(w, `{"a": 1}`)
	}))
	defer server.Close()
	s := &Source{URL: server.URL, Rules: []Rule{{Name: "a", Path: "$.a"}}}
	require.NoError(t, s.Validate())
	for range 3 {
		require.Equal(t, []string{"a 1"}, series(t, s))
	}
	require.Equal(t, "json/"+strings.TrimPrefix(server.URL, "http://"), s.String())
}

func TestServersThatDoNotAnswerRight(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, test := range map[string]struct {
		answer string
		then   func(net.Conn)
		want   string
	}{
		"a status":               {"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", nil, "the answer is 500 Broken"},
		"cut off":                {head + "Content-Length: 100\r\n\r\n{\"a\": 1", nil, "cut off"},
		"lying":                  {head + "Content-Length: 3\r\n\r\n{\"a\": 1}", nil, ""},
		"too large, as it says":  {head + "Content-Length: 100000000\r\n\r\n{", nil, "more than 16777216"},
		"too large, as it comes": {head + "Transfer-Encoding: chunked\r\n\r\n", endless, "more than 16777216 bytes"},
		"no HTTP":                {"\x00\x01\x02\r\n\r\n", nil, "no HTTP answer"},
		"binary":                 {head + "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x00", nil, "no JSON: at byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Source{URL: raw(t, test.answer, test.then), Rules: []Rule{{Name: "a", Path: "$.a"}}}
			err := s.Collect(t.Context(), &metrics.Batch{})
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "secret")
			require.Contains(t, err.Error(), "127.0.0.1:")
		})
	}
	t.Run("it hangs", func(t *testing.T) {
		free := make(chan struct{})
		defer close(free)
		s := &Source{URL: raw(t, head+"Content-Length: 8\r\n\r\n{\"a\"", func(net.Conn) { <-free }), Rules: []Rule{{Name: "a", Path: "$.a"}}}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Collect(ctx, &metrics.Batch{}), context.DeadlineExceeded)
	})
}

// endless writes chunks for as long as they are taken, up to 100 MB.
func endless(c net.Conn) {
	chunk := "10000\r\n" + strings.Repeat("1", 1<<16) + "\r\n"
	for range 100_000_000 >> 16 {
		if _, err := io.WriteString(c, chunk); err != nil {
			return
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := &Source{URL: raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", endless), Rules: []Rule{{Name: "a", Path: "$.{i}.{j}"}}}
	s.Collect(t.Context(), &metrics.Batch{})
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(100<<20))
	runtime.KeepAlive(s)
}
