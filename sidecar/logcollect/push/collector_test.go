package push

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A site is a folder of logs with a Collector.
type site struct {
	*testing.T
	dir  string
	root *os.Root
	c    *logcollect.Collector
}

func newSite(t *testing.T, s *Sink) *site {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return &site{t, dir, root, &logcollect.Collector{Include: []string{"*.log"}, Sink: s, PollOnly: true}}
}

func (s *site) append(name, text string) {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(s, err)
	_, err = f.WriteString(text)
	require.NoError(s, err)
	require.NoError(s, f.Close())
}

// run runs the Collector until all is delivered or the time is over.
func (s *site) run(ctx context.Context, during time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	return s.c.Run(ctx, s.root)
}

func TestServerDownForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{TB: t, decode: rawLines}
		p := &bubble{log: &logged{}}
		p.begin(t)
		s := newSite(t, &Sink{URL: "http://logs", Format: verbatim{}})
		s.append("a.log", numbered(10_000))
		time.AfterFunc(time.Minute, func() { p.serve(t, f) })
		time.AfterFunc(30*time.Second, func() { s.append("a.log", "last\n") })
		require.NoError(t, s.run(p.ctx, 2*time.Minute))
		require.Equal(t, split(numbered(10_000)+"last\n"), f.texts())
		require.Equal(t, []string{
			"logcollect: failed, will be tried again: write to the sink",
			"logcollect: works again: write to the sink",
		}, messages(p.log))
	})
}

func messages(l *logged) (all []string) {
	for _, line := range l.lines {
		text, _, _ := strings.Cut(line, " err=")
		all = append(all, text)
	}
	return all
}

// Whatever the server does, every line comes at least once and in order, and what
// comes twice is a request that the server did take before it failed.
func TestNothingLost(t *testing.T) {
	for _, format := range []Format{verbatim{}, OTLP{}, Loki{}, Loki{JSON: true}} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%T/%d", format, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { nothingLost(t, format, seed) })
			})
		}
	}
}

func nothingLost(t *testing.T, format Format, seed uint64) {
	luck := rand.New(rand.NewPCG(seed, 0))
	f := &fake{TB: t}
	f.decode = rawLines
	switch l := format.(type) {
	case OTLP:
		f.decode = decodeOTLP(t)
	case Loki:
		f.decode, f.snappy = decodeLoki(t), !l.JSON
		if l.JSON {
			f.decode = decodeLokiJSON(t)
		}
	}
	limit := 20_000 + luck.IntN(100_000)
	f.answer = func(w http.ResponseWriter, n int, r request) bool {
		switch luck.IntN(16) {
		case 0:
			return code(w, 500, "")
		case 1:
			w.Header().Set("Retry-After", "3")
			return code(w, 429, "")
		case 2:
			hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha")
			return luck.IntN(2) == 0 // it may have kept it
		case 3:
			return code(w, 400, "")
		}
		if len(r.raw) > limit {
			return code(w, 413, "")
		}
		return code(w, 204, "")
	}
	p := newBubble(t, f)
	s := newSite(t, &Sink{URL: "http://logs", Format: format, MaxRequestBytes: 30_000 + luck.IntN(100_000)})
	want := map[string][]string{}
	for round := range 6 {
		for _, name := range []string{"a.log", "b.log"} {
			var text strings.Builder
			for range luck.IntN(1000) {
				fmt.Fprintf(&text, "%s %d %d %s\n", name, round, text.Len(), strings.Repeat("x", luck.IntN(100)))
			}
			s.append(name, text.String())
			if text.Len() > 0 {
				want[name] = append(want[name], split(text.String())...)
			}
		}
		during := time.Duration(luck.IntN(20_000)) * time.Millisecond
		if err := s.run(p.ctx, during+1); err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	f.answer = nil
	require.NoError(t, s.run(p.ctx, time.Minute))

	got := map[string][]string{}
	doubled := 0
	for _, text := range f.texts() {
		name, _, _ := strings.Cut(text, " ")
		all, at := want[name], len(got[name])
		if at < len(all) && all[at] == text {
			got[name] = append(got[name], text)
			continue
		}
		// It begins again somewhere before, and goes on from there.
		doubled++
		for at = len(got[name]) - 1; at >= 0 && all[at] != text; at-- {
		}
		require.GreaterOrEqual(t, at, 0, "%.60q was not to come yet", text)
		got[name] = got[name][:at+1]
	}
	require.Equal(t, want, got)
	require.LessOrEqual(t, doubled, f.n, "not more often than there were requests")
}

// The connection is closed when the run ends, without the server's doing.
func TestLeavesNothing(t *testing.T) {
	podtest.NoLeaks(t)
	f := &fake{TB: t, decode: rawLines}
	closed := make(chan bool, 10)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- true
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	s := newSite(t, &Sink{URL: srv.URL, Format: verbatim{}})
	for _, line := range []string{"one\n", "two\n"} {
		s.append("a.log", line)
		require.NoError(t, s.run(t.Context(), 20*time.Millisecond))
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection is still there")
		}
	}
	require.Equal(t, []string{"one", "two"}, f.texts())
}
