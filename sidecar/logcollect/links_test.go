package logcollect

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// count is how many lines have all the words.
func (j *journal) count(words ...string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
lines:
	for line := range strings.Lines(j.text.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		n++
	}
	return n
}

// listen has what is logged kept.
func (b *bench) listen() *journal {
	j := &journal{}
	b.log = slog.New(slog.NewTextHandler(j, nil))
	return j
}

func TestLinksThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		j := b.listen()
		outside := t.TempDir()
		require.NoError(t, os.WriteFile(outside+"/secret.log", []byte("secret\n"), 0o644))
		b.append("d/a.log", "a\n")
		refused := map[string]string{
			"absolute.log": outside + "/secret.log", "up.log": "d/../../secret.log", "dir": outside, "similar.log": b.dir + "x/secret.log",
			"circle.log": "round.log", "round.log": "circle.log",
		}
		for name, to := range refused {
			b.link(to, name)
		}
		b.link(b.dir+"/d", "inside") // absolute, and inside
		b.link(b.dir, "d/all")
		b.link("nowhere", "broken.log")
		b.link("/"+strings.Repeat("../", 30)+b.dir+"/nowhere", "broken-too.log") // not simply the root's path

		sink := &memory{}
		b.start(&Collector{Include: []string{"**/*.log", "absolute.log", "dir/*.log"}, Sink: sink, PollOnly: true})
		time.Sleep(10 * time.Second) // many scans
		synctest.Wait()
		require.Equal(t, "a\n", sink.String())
		for name := range refused {
			require.Equal(t, 1, j.count("link is not followed", "file="+name+" "), name)
		}
		require.EqualValues(t, len(refused)+1, b.c.Stats().RefusedLinks)
		require.Zero(t, b.c.Stats().ReadErrors)

		b.remove("absolute.log")
		b.append("absolute.log", "a file\n")
		b.awaitLines(2)
		require.NoError(t, b.stop())
		require.Equal(t, "a\na file\n", sink.String())
	})
}

// What is behind links is heard of where it is, and where the links are.
func TestLinksNotified(t *testing.T) {
	b := newBench(t)
	b.append("pods/1/web/0.log", lines(0, 1))
	require.NoError(t, os.Mkdir(b.path("containers"), 0o755))
	b.link(b.path("pods/1/web"), "web")
	b.link(b.path("web/0.log"), "containers/web.log")
	sink := &memory{}
	b.start(&Collector{Include: []string{"containers/*.log"}, Sink: sink, PollInterval: time.Hour})
	b.awaitLines(1)
	b.append("pods/1/web/0.log", lines(1, 2)) // the file
	b.awaitLines(2)
	b.rename("pods/1/web/0.log", "pods/1/web/0.log.1") // where it is
	b.append("pods/1/web/0.log", lines(2, 3))
	b.awaitLines(3)
	b.append("pods/2/web/0.log", lines(3, 4)) // a link on the way
	b.link(b.path("pods/2/web"), "new")
	b.rename("new", "web")
	b.awaitLines(4)
	b.append("pods/2/web/0.log", lines(4, 5))
	b.awaitLines(5)
	b.append("other.log", lines(5, 6)) // the link itself
	b.link(b.path("other.log"), "containers/new")
	b.rename("containers/new", "containers/web.log")
	b.awaitLines(6)
	b.append("other.log", lines(6, 7))
	b.awaitLines(7)
	b.rename("pods/2", "pods/3") // the earlier generations are read no less
	b.append("pods/3/web/0.log", "late\n")
	b.awaitLines(7)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 7)+"late\n", sink.of("containers/web.log"))
}

func TestCompressedOnlyWhereAskedFor(t *testing.T) {
	for _, c := range []struct {
		include, exclude, name string
		want                   bool
	}{
		{"logs/*", "", "logs/a.log", true},
		{"logs/*", "", "logs/a.log.gz", false},
		{"**", "", "logs/a.log.zst", false},
		{"logs/a.log*", "", "logs/a.log.1.xz", false},
		{"logs/*.gz", "", "logs/a.log.gz", true},
		{"logs/*.{log,gz}", "", "logs/a.log.gz", true},
		{"logs/*.gz", "**/a.*", "logs/a.log.gz", false},
		{"logs/a.log.gz", "", "logs/a.log.gz", true},
	} {
		collector := &Collector{Include: []string{c.include}}
		if c.exclude != "" {
			collector.Exclude = []string{c.exclude}
		}
		require.Equal(t, c.want, collector.follows(c.name), "%+v", c)
	}
}
