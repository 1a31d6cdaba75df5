package logcollect

import (
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/require"
)

// Where the system does not tell of changes, files are looked at all the same.
func TestNotNotified(t *testing.T) {
	for name, sys := range map[string]system{
		"no more watches": {watch: func(*fsnotify.Watcher, string) error { return syscall.ENOSPC }},
		"others write": {
			watch:   func(*fsnotify.Watcher, string) error { return nil },
			distant: func(*os.File) bool { return true },
		},
		"heard all the same": {distant: func(*os.File) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			j := b.listen()
			b.append(log, lines(0, 10))
			sink := &memory{}
			b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, PollInterval: 5 * time.Millisecond, sys: sys})
			b.awaitLines(10)
			b.append(log, lines(10, 20))
			b.awaitLines(20)
			b.rename(log, log+".1")
			b.append(log, lines(20, 30))
			b.append("logs/other.log", lines(0, 5))
			b.awaitLines(35)
			require.NoError(t, b.stop())
			require.Equal(t, lines(0, 30), sink.of(log))
			require.Equal(t, lines(0, 5), sink.of("logs/other.log"))
			if name == "no more watches" {
				require.Equal(t, 1, j.count("no notification of changes in a directory"))
			}
		})
	}
}

// What comes in too fast to be told of makes a scan.
func TestOverflow(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("everything is polled")
	}
	b := newBench(t)
	b.append(log, lines(0, 10))
	var watcher *fsnotify.Watcher
	deaf := system{watch: func(w *fsnotify.Watcher, _ string) error { watcher = w; return nil }}
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, PollInterval: time.Hour, sys: deaf})
	b.awaitLines(10)
	b.append(log, lines(10, 20))
	b.append("logs/new.log", lines(0, 5))
	watcher.Errors <- fsnotify.ErrEventOverflow
	b.awaitLines(25)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 20), sink.of(log))
}

// A file that has a name somewhere else is written to without a notification.
func TestHardLinkIsPolled(t *testing.T) {
	b := newBench(t)
	b.append("elsewhere/a", lines(0, 10))
	require.NoError(t, os.Mkdir(b.path("logs"), 0o755))
	require.NoError(t, os.Link(b.path("elsewhere/a"), b.path(log)))
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, PollInterval: 5 * time.Millisecond})
	b.awaitLines(10)
	b.append("elsewhere/a", lines(10, 20))
	b.awaitLines(20)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 20), sink.String())
}

// Directories on the way that come, go and are replaced are heard of.
func TestDirectoriesNotified(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	b.start(&Collector{Include: []string{"a/b/*.log", "x/y/z.log"}, Sink: sink, PollInterval: time.Hour})
	b.append("a/b/1.log", lines(0, 1))
	b.awaitLines(1)
	b.append("x/y/z.log", lines(0, 1))
	b.awaitLines(2)
	b.rename("a", "c")
	b.append("a/b/1.log", lines(1, 2)) // the same names, other directories
	b.awaitLines(3)
	b.append("a/b/1.log", lines(2, 3))
	b.awaitLines(4)
	require.NoError(t, os.RemoveAll(b.path("x")))
	b.append("x/y/z.log", lines(1, 2))
	b.awaitLines(5)
	b.append("x/y/z.log", lines(2, 3))
	b.awaitLines(6)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 3), sink.of("a/b/1.log"))
	require.Equal(t, lines(0, 3), sink.of("x/y/z.log"))
}

// Only that a time is another one counts, not which one is later.
func TestClockJumps(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	b.append(log, lines(0, 10))
	b.start(&Collector{Include: []string{log}, Sink: sink, PollOnly: true, PollInterval: time.Millisecond})
	b.awaitLines(10)
	for i, jump := range []time.Duration{time.Hour, -24 * time.Hour, 50 * 365 * 24 * time.Hour} {
		b.append(log, lines(10+10*i, 20+10*i))
		at := time.Now().Add(jump)
		require.NoError(t, os.Chtimes(b.path(log), at, at))
		b.awaitLines(int64(20 + 10*i))
	}
	b.rename(log, log+".1")
	b.append(log, lines(40, 50))
	b.again(func() {
		at := time.Now().Add(-24 * time.Hour)
		require.NoError(t, os.Chtimes(b.path(log), at, at))
		b.append(log+".1", "late\n")
	})
	b.awaitLines(51)
	require.NoError(t, b.stop())
	require.Contains(t, sink.String(), lines(0, 40))
	require.Len(t, sink.String(), len(lines(0, 50)+"late\n"))
}

func TestInTurn(t *testing.T) {
	r := &run{tree: newTree(nil, nil, func(string) (*os.File, error) { return nil, fs.ErrNotExist })}
	generation := func(path string, born int64, name string, moved time.Time) *source {
		return &source{path: path, home: path, name: name, origin: origin{born: born}, moved: moved}
	}
	now := time.Now()
	first := generation("a", 30, "a.2", now)
	for _, later := range []*source{generation("a", 40, "a.1", now), generation("a", 30, "a.1", now), generation("a", 10, "a", time.Time{})} {
		inTurn := r.inTurn([]*source{first, later})
		require.Negative(t, inTurn(first, later), later.name)
		require.Positive(t, inTurn(later, first), later.name)
	}
	require.Negative(t, r.inTurn(nil)(generation("a", 30, "a.1", now), generation("b", 20, "b", time.Time{})))
}

func TestCompareNames(t *testing.T) {
	for _, inTurn := range [][3]string{
		{"-20260101", "-20260102"}, {".10", ".9"}, {".1", ""}, {".9", ".10", "up"}, {".20260102", ".20260103"},
	} {
		up := inTurn[2] != ""
		require.Negative(t, compareNames(inTurn[0], inTurn[1], up), inTurn)
		require.Positive(t, compareNames(inTurn[1], inTurn[0], up), inTurn)
	}
}

func TestCountsUp(t *testing.T) {
	files := func(names ...string) map[fileID]sighting { // each written later than the one before
		all := map[fileID]sighting{}
		for i, name := range names {
			id := fileID{ino: uint64(i)}
			all[id] = sighting{name: name, id: id, mod: time.Unix(int64(i), 0)}
		}
		return all
	}
	require.True(t, countsUp(files("a.1", "a.2", "a.9", "a.10", "a"), "a"))
	require.False(t, countsUp(files("a.10", "a.9", "a.1", "a"), "a"))
	require.False(t, countsUp(files("a.20260101", "a.20260102"), "a"), "no numbers")
	require.False(t, countsUp(files("a.1", "a", "b.1", "b.2"), "a"), "as logrotate, where nothing tells")
}
