package metrics

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// pipes is a listener of net.Pipe connections, which a synctest bubble can hold.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipes"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A server is one run of an Exporter and a client of it.
type server struct {
	t      testing.TB
	l      *pipes
	cancel context.CancelFunc
	client *http.Client
	ended  chan error
}

// start runs e on pipes until the test ends. s may be nil.
func start(t testing.TB, e *Exporter, s *sandbox.Sandbox) *server {
	t.Helper()
	if s == nil {
		s = new(sandbox.Sandbox)
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(s.Context(context.Background()))
	r := &server{t: t, l: newPipes(), cancel: cancel, ended: make(chan error, 1)}
	r.client = &http.Client{Transport: &http.Transport{DialContext: r.l.dial, DisableCompression: true}}
	go func() { r.ended <- e.Adapt(ctx, nil, r.l) }()
	t.Cleanup(cancel)
	ready, cancelReady := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancelReady()
	require.NoError(t, e.Ready(ready))
	return r
}

// stop ends the run and returns what Adapt did.
func (s *server) stop() error {
	s.cancel()
	s.client.CloseIdleConnections()
	return <-s.ended
}

// fetch may be called from any goroutine; header holds keys and values in turn.
func (s *server) fetch(method, path string, header ...string) (*http.Response, string, error) {
	req, err := http.NewRequest(method, "http://pod"+path, nil)
	if err != nil {
		return nil, "", err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func (s *server) do(method, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	resp, body, err := s.fetch(method, path, header...)
	require.NoError(s.t, err)
	return resp, body
}

// scrape returns the values of /metrics, which it checks, by series.
func (s *server) scrape(header ...string) map[string]float64 {
	s.t.Helper()
	resp, body := s.do("GET", "/metrics", header...)
	require.Equal(s.t, 200, resp.StatusCode, body)
	require.Equal(s.t, "text/plain; version=0.0.4; charset=utf-8", resp.Header.Get("Content-Type"))
	values, err := check(body)
	require.NoError(s.t, err, body)
	for series := range values {
		if up, ok := strings.CutPrefix(series, "source_duration_seconds"); ok {
			require.Contains(s.t, values, "up"+up)
			delete(values, series)
		}
	}
	return values
}

// named makes a source of f.
func named(name string, f Func) Source { return Named{name, f} }

// one is a source that adds its name with the value 1.
func one(name string) Source {
	return named(name, func(_ context.Context, b *Batch) error {
		b.Gauge(name, "", "", Int(1))
		return nil
	})
}

// settled returns b and how many points were left out.
func settled(t testing.TB, batches ...*Batch) (*Batch, int) {
	t.Helper()
	twice := 0
	for _, b := range batches {
		n, err := b.arrange(&names{})
		require.NoError(t, err)
		twice += n
	}
	s := settlers.New().(*settler)
	b, found := s.settle(nil, batches)
	return b, twice + found.points
}

func render(t testing.TB, batches ...*Batch) (text string, conflicts int) {
	t.Helper()
	b, conflicts := settled(t, batches...)
	text = written(t, Text, b)
	_, err := check(text)
	require.NoError(t, err, text)
	return text, conflicts
}

func written(t testing.TB, f Format, b *Batch) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, f.Write(&out, b))
	return out.String()
}

// A journal is a logger and what it wrote.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// count returns how many records contain text.
func (j *journal) count(text string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
