package push

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// An entry is a line as a server reads it.
type entry struct {
	stream string // its labels or attributes, each with a space before it
	text   string
	at     int64 // its time
	read   int64 // its time of reading, where that is something else
}

// A request is one that a fake was sent.
type request struct {
	header  http.Header
	host    string
	raw     []byte // without compression
	entries []entry
}

// A fake is a server that keeps what it acknowledges.
type fake struct {
	testing.TB
	// answer answers the n-th request, from 1 on, and says whether it
	// acknowledged it. nil: 204 for each.
	answer func(w http.ResponseWriter, n int, r request) bool
	decode func(request) []entry
	snappy bool // the requests are, which no header says

	mu   sync.Mutex
	n    int
	all  []request
	kept []entry
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	req := request{header: r.Header, host: r.Host, raw: unpack(f, r.Header, packed, f.snappy)}
	if f.decode != nil {
		req.entries = f.decode(req)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	f.all = append(f.all, req)
	if f.answer == nil {
		w.WriteHeader(http.StatusNoContent)
	} else if !f.answer(w, f.n, req) {
		return
	}
	f.kept = append(f.kept, req.entries...)
}

// texts are the lines that were acknowledged.
func (f *fake) texts() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.kept {
		all = append(all, e.text)
	}
	return all
}

func (f *fake) sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func unpack(t testing.TB, h http.Header, packed []byte, snappied bool) []byte {
	var raw []byte
	var err error
	switch by := h.Get("Content-Encoding"); by {
	case "gzip":
		z, zerr := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(t, zerr)
		raw, err = io.ReadAll(z)
	case "zstd":
		z, zerr := zstd.NewReader(nil)
		require.NoError(t, zerr)
		defer z.Close()
		raw, err = z.DecodeAll(packed, nil)
	case "":
		raw = packed
		if snappied {
			raw, err = snappy.Decode(nil, packed)
		}
	default:
		t.Errorf("Content-Encoding %q", by)
	}
	require.NoError(t, err)
	return raw
}

// code answers with a code and a text.
func code(w http.ResponseWriter, code int, text string) bool {
	w.WriteHeader(code)
	io.WriteString(w, text)
	return code/100 == 2
}

// rawLines reads what verbatim writes.
func rawLines(r request) (all []entry) {
	for line := range strings.Lines(string(r.raw)) {
		all = append(all, entry{text: strings.TrimSuffix(line, "\n")})
	}
	return all
}

// verbatim is a Format for tests of the delivery: the lines themselves.
type verbatim struct{ NDJSON }

func (verbatim) encoder() encoder { return verbatimEncoder{&ndjson{}} }

type verbatimEncoder struct{ *ndjson }

func (verbatimEncoder) headers(http.Header)            {}
func (verbatimEncoder) head(b []byte, _ string) []byte { return b }
func (verbatimEncoder) line(b []byte, r record) []byte { return append(append(b, r.text...), '\n') }

// A bubble is what a Sink is tested in under virtual time: the network has one
// server, at http://logs.
type bubble struct {
	net podtest.Network
	ctx context.Context
	log *logged
}

// A logged keeps the messages of a log.
type logged struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	l.lines = append(l.lines, text)
	return nil
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }

// newBubble is for a bubble: it serves h at http://logs until the test ends.
func newBubble(t *testing.T, h http.Handler) *bubble {
	p := &bubble{log: &logged{}}
	p.begin(t)
	p.serve(t, h)
	return p
}

func (p *bubble) begin(t *testing.T) {
	p.ctx = (&sandbox.Sandbox{Dial: p.net.DialContext, Logger: slog.New(p.log)}).Context(t.Context())
}

// serve returns what ends it.
func (p *bubble) serve(t *testing.T, h http.Handler) *http.Server {
	l, err := p.net.Listen(t.Context(), "tcp", "logs:80")
	require.NoError(t, err)
	srv := &http.Server{Handler: h, BaseContext: func(net.Listener) context.Context { return p.ctx }}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return srv
}

// batch makes one of the lines of files: path, lines, path, lines.
func batch(parts ...string) (b logcollect.Batch) {
	for i := 0; i < len(parts); i += 2 {
		b.Lines = append(b.Lines, parts[i+1]...)
	}
	rest := b.Lines
	for i := 0; i < len(parts); i += 2 {
		n := len(parts[i+1])
		b.Chunks = append(b.Chunks, logcollect.Chunk{Path: parts[i], Lines: rest[:n:n], Count: strings.Count(parts[i+1], "\n")})
		rest = rest[n:]
	}
	return b
}
