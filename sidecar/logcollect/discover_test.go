package logcollect

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestPatterns(t *testing.T) {
	files := []string{"a.log", "b.txt", "d/a.log", "d/e/f/a.log", "d/e/old.log", ".hidden.log"}
	for _, c := range []struct {
		include, exclude string
		want             string
	}{
		{"*.log", "", ".hidden.log a.log"},
		{"**/*.log", "", ".hidden.log a.log d/a.log d/e/f/a.log d/e/old.log"},
		{"**", "**/*.log", "b.txt"},
		{"{a,b}.*", "", "a.log b.txt"},
		{"d/**/[!o]*.log", "", "d/a.log d/e/f/a.log"},
		{"d/e/old.log d/**", "**/a.log", "d/e/old.log"},
		{"none/*.log", "", ""},
	} {
		t.Run(c.include, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				for _, f := range files {
					b.append(f, f+"\n")
				}
				sink := &memory{}
				b.start(&Collector{Include: strings.Fields(c.include), Exclude: strings.Fields(c.exclude), Sink: sink, PollOnly: true})
				require.NoError(t, b.stop())
				var got []string
				for _, f := range files {
					if text := sink.of(f); text != "" {
						require.Equal(t, f+"\n", text)
						got = append(got, f)
					}
				}
				require.ElementsMatch(t, strings.Fields(c.want), got)
				require.Len(t, sink.byPath, len(got))
			})
		})
	}
}

func TestLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		outside := t.TempDir() + "/secret.log"
		require.NoError(t, os.WriteFile(outside, []byte("secret\n"), 0o644))
		b.append("d/a.log", "a\n")
		for name, to := range map[string]string{
			"loop": ".", "d/up": "..", "dir": "d", "d/same.log": "a.log", // circles and other names
			"out.log": outside, "d/out": "../..", "broken.log": "nowhere", // that lead outside or nowhere
		} {
			require.NoError(t, os.Symlink(to, b.path(name)))
		}
		sink := &memory{}
		b.start(&Collector{Include: []string{"**/*.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(1)
		require.NoError(t, b.stop())
		require.Equal(t, "a\n", sink.String(), "once")
		require.EqualValues(t, 1, b.c.Stats().Lines)
	})
}

// The Collector never feeds on what it writes itself.
func TestOwnFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", lines(0, 10))
		require.NoError(t, os.MkdirAll(b.path("state"), 0o755))
		require.NoError(t, os.Symlink("state", b.path("alias")))
		require.NoError(t, os.Symlink("out", b.path("alias.log")))
		b.start(&Collector{Include: []string{"alias/*", "**"}, Sink: &File{Path: "out"}, Checkpoint: "state/c", PollOnly: true})
		b.awaitLines(10)
		b.append("a.log", lines(10, 20))
		b.awaitLines(20)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 20), b.read("out"))
		require.EqualValues(t, 20, b.c.Stats().Lines)
	})
}

func TestManyFilesFewOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		const n = 50
		name := func(i int) string { return fmt.Sprintf("logs/%02d.log", i) }
		for i := range n {
			b.append(name(i), lines(0, 10))
		}
		sink := &memory{}
		b.start(&Collector{Include: []string{"logs/*"}, Sink: sink, PollOnly: true, MaxOpenFiles: 4})
		b.awaitLines(n * 10)
		require.EqualValues(t, n, b.c.Stats().Files)
		require.EqualValues(t, 4, b.c.Stats().OpenFiles)
		for i := range n {
			b.append(name(i), lines(10, 20))
			if i%2 == 0 {
				b.rename(name(i), name(i)+".1")
				b.append(name(i), lines(20, 30))
			}
		}
		b.awaitLines(n*20 + n/2*10)
		require.NoError(t, b.stop())
		for i := range n {
			require.Equal(t, lines(0, 30-10*(i%2)), sink.of(name(i)))
		}
	})
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", lines(0, 10))
		require.NoError(t, os.Chmod(b.path("a.log"), 0))
		sink := &memory{}
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		err := b.stop()
		require.ErrorIs(t, err, os.ErrPermission)
		require.NoError(t, os.Chmod(b.path("a.log"), 0o644))
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 10), sink.String())
	})
}
