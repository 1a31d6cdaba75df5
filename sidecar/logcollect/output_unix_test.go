//go:build unix

package logcollect

import (
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestSinkThatIsAPipe(t *testing.T) {
	b := newBench(t)
	require.NoError(t, unix.Mkfifo(b.path("pipe"), 0o644))
	l, err := net.Listen("unix", b.path("socket"))
	require.NoError(t, err)
	defer l.Close()
	for path, want := range map[string]string{
		"pipe":           "pipe: not a regular file but a named pipe",
		b.path("pipe"):   "not a regular file but a named pipe",
		"socket":         "not a regular file but a socket",
		"pipe/below/it":  "pipe",
		b.path("socket"): "not a regular file but a socket",
	} {
		err := (&Collector{Include: []string{"*.log"}, Sink: &File{Path: path}}).Run(t.Context(), b.root)
		require.ErrorContains(t, err, want)
	}
	for _, name := range []string{"state", "state.tmp", "state.recent", "state.recent2"} {
		require.NoError(t, unix.Mkfifo(b.path(name), 0o644))
		err = (&Collector{Include: []string{"*.log"}, Checkpoint: "state", Sink: &memory{}}).Run(t.Context(), b.root)
		require.ErrorContains(t, err, `checkpoint "state": `+name+" is not a regular file but a named pipe")
		b.remove(name)
	}
}

// A pipe that somebody puts in the place of the file is not written to.
func TestSinkThatBecomesAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", lines(0, 5))
		b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "out"}, PollOnly: true})
		b.awaitLines(5)
		b.rename("out", "old")
		require.NoError(t, unix.Mkfifo(b.path("out"), 0o644))
		b.append("a.log", lines(5, 10))
		b.await("refused", func() bool { return b.c.Stats().SinkErrors > 2 })
		b.remove("out")
		b.awaitLines(10)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 10), b.read("old")+b.read("out"))
	})
}

// A link is followed, but not out of the directory of the file.
func TestSinkThatIsALink(t *testing.T) {
	b := newBench(t)
	b.append("real", lines(0, 1))
	require.NoError(t, unix.Symlink("real", b.path("link")))
	require.NoError(t, unix.Symlink(filepath.Join(t.TempDir(), "x"), b.path("escape")))
	b.append("a.log", lines(1, 2))
	b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "link"}})
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 2), b.read("real"))
	err := (&Collector{Include: []string{"*.log"}, Sink: &File{Path: "escape"}}).Run(t.Context(), b.root)
	require.ErrorContains(t, err, "escapes")
}
