package httpproxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// curl runs it and returns what it prints.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "20"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestCurl(t *testing.T) {
	program(t, "curl")
	addr := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stream":
			for i := range 3 {
				fmt.Fprintf(w, "%d ", i)
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		case "/early":
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case "/hint":
			w.Header().Set("Link", "</x>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, "hinted")
		case "/trailer":
			w.Header().Set("Trailer", "X-Sum")
			io.WriteString(w, "body")
			w.Header().Set("X-Sum", "42")
		case "/file":
			http.ServeContent(w, r, "x", time.Time{}, strings.NewReader("0123456789"))
		default:
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%s %s %d", r.Method, r.RequestURI, n)
		}
	}))
	big := filepath.Join(t.TempDir(), "big")
	require.NoError(t, os.WriteFile(big, bytes.Repeat([]byte("x"), 3<<20), 0o600))
	for _, version := range []string{"--http1.0", "--http1.1", "--http2-prior-knowledge"} {
		t.Run(version, func(t *testing.T) {
			at := func(path string) string { return "http://" + addr + path }
			require.Equal(t, "GET /a?b;c 0", curl(t, version, at("/a?b;c")))
			require.Equal(t, "0 1 2 ", curl(t, version, "-N", at("/stream")))
			require.Equal(t, "hinted", curl(t, version, at("/hint")))
			require.Equal(t, "345", curl(t, version, "-r", "3-5", at("/file")))
			require.Contains(t, curl(t, version, "-I", at("/file")), "ength: 10")
			require.Equal(t, "POST / 5", curl(t, version, "-d", "hello", at("/")))
			if version != "--http2-prior-knowledge" { // curl 7.88 can't, whoever the server is
				require.Equal(t, "GET /a 0GET /b 0", curl(t, version, at("/a"), at("/b")))
			}
			if version == "--http1.0" {
				return // it has no chunks
			}
			require.Equal(t, fmt.Sprint("PUT /up ", 3<<20), curl(t, version, "-T", big, "-H", "Expect: 100-continue", at("/up")))
			require.Equal(t, fmt.Sprint("POST /up ", 3<<20), curl(t, version, "-H", "Transfer-Encoding: chunked", "--data-binary", "@"+big, at("/up")))
			if version == "--http1.1" { // in HTTP/2 curl 7.88 shows no trailers, and takes an early answer for an error, whoever the server is
				require.Contains(t, curl(t, version, "-D", "-", at("/trailer")), "X-Sum: 42")
				require.Equal(t, "413", curl(t, version, "-o", os.DevNull, "-w", "%{http_code}", "-H", "Expect: 100-continue", "-T", big, at("/early")))
			}
		})
	}
}

func TestH2load(t *testing.T) {
	program(t, "h2load")
	addr := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
	for _, args := range [][]string{{"-m", "16"}, {"--h1"}} {
		out, err := exec.Command("h2load", append(args, "-n", "4000", "-c", "16", "http://"+addr+"/")...).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "4000 succeeded, 0 failed, 0 errored", args)
		require.Contains(t, string(out), "4000 2xx", args)
	}
}
