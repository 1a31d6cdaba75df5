package logcollect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// rows is a Resumer that keeps lines in memory, as a database would.
type rows struct {
	lines []string
	last  Resume
	mark  func() (string, error) // nil: the number of lines
	open  bool
}

func (s *rows) Resume(_ context.Context, from Resume) error {
	s.last, s.open = from, true
	if from.Mark != "" && !from.Keep {
		s.lines = s.lines[:len(from.Mark)]
	}
	return nil
}

func (s *rows) Write(_ context.Context, batch Batch) error {
	for _, line := range batch.All() {
		s.lines = append(s.lines, string(line))
	}
	return nil
}

func (s *rows) Mark(context.Context) (string, error) {
	if s.mark != nil {
		return s.mark()
	}
	return "x" + strings.Repeat("x", len(s.lines)-1), nil
}

func (s *rows) Close() error { s.open = false; return nil }

func TestResumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := &rows{lines: []string{"of before\n"}}
		b.append("a.log", lines(0, 10)+"partial")
		b.start(&Collector{Include: []string{"*.log"}, Sink: s, Sync: true, PollOnly: true})
		require.NoError(t, b.stop())
		require.Equal(t, Resume{Root: b.root, Sync: true}, s.last)
		require.False(t, s.open)
		require.Equal(t, "of before\n"+lines(0, 10)+"partial\n", strings.Join(s.lines, ""))
		s.lines = append(s.lines, "of a crash")
		b.append("a.log", " line\n")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, "of before\n"+lines(0, 10)+"partial line\n", strings.Join(s.lines, ""))

		s.lines = append(s.lines, "of a file that is gone\n")
		b.remove("a.log")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.True(t, s.last.Keep)
	})
}

func TestResumerFails(t *testing.T) {
	for _, c := range []struct {
		name string
		mark func() (string, error)
		want string
	}{
		{"fails", func() (string, error) { return "", errors.New("no connection") }, "no connection"},
		{"panics", func() (string, error) { panic("a bug") }, "sink panicked: a bug"},
		{"empty", func() (string, error) { return "", nil }, "its Mark is empty"},
		{"large", func() (string, error) { return strings.Repeat("x", maxMark+1), nil }, "its Mark has 4097 bytes, more than 4096"},
		{"Goexit", func() (string, error) { runtime.Goexit(); return "", nil }, "the sink ended its goroutine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			s := &rows{lines: []string{"of before\n"}}
			b.append("a.log", lines(0, 10))
			b.start(&Collector{Include: []string{"*.log"}, Sink: s})
			require.NoError(t, b.stop())
			marks := 0
			s.mark = func() (string, error) {
				if marks++; marks == 1 {
					return strings.Repeat("x", len(s.lines)), nil
				}
				return c.mark()
			}
			b.start(b.c)
			b.append("a.log", lines(10, 20))
			require.ErrorContains(t, <-b.done, c.want)
			require.False(t, s.open)
			s.mark = nil
			b.start(b.c)
			require.NoError(t, b.stop())
			require.Equal(t, "of before\n"+lines(0, 20), strings.Join(s.lines, ""))
		})
	}
}

// A crash after somebody has renamed the file, which has lines that no checkpoint
// counts on.
func TestCrashAfterRename(t *testing.T) {
	for _, way := range []string{"renamed", "removed", "replaced"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.append("a.log", lines(0, 5))
				b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "out"}, PollOnly: true})
				b.awaitLines(5)
				<-time.After(2 * commitInterval)
				before := map[string]string{}
				for _, name := range []string{DefaultCheckpoint, DefaultCheckpoint + recentExt[0], DefaultCheckpoint + recentExt[1]} {
					before[name] = b.read(name)
				}
				b.append("a.log", lines(5, 10))
				require.NoError(t, b.stop())
				for name, text := range before { // as if the last one had not been written
					require.NoError(t, os.WriteFile(b.path(name), []byte(text), 0o644))
				}
				b.rename("out", "old")
				if way == "replaced" {
					b.append("out", "")
				}
				want := lines(0, 5) // what it is cut back to
				if way == "removed" {
					b.remove("old")
					want = ""
				}
				b.start(b.c)
				require.NoError(t, b.stop())
				old := ""
				if way != "removed" {
					old = b.read("old")
				}
				require.Equal(t, []string{want, lines(5, 10)}, []string{old, b.read("out")})
			})
		})
	}
}

// A file that was given the identity of the one that was written to, and is
// another, is not cut.
func TestNotItsFile(t *testing.T) {
	b := newBench(t)
	b.append("a.log", lines(0, 5))
	b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "out"}})
	require.NoError(t, b.stop())
	require.NoError(t, os.WriteFile(b.path("out"), []byte(lines(100, 120)), 0o644)) // the same inode
	b.append("a.log", lines(5, 6))
	b.start(b.c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(100, 120)+lines(5, 6), b.read("out"))
}

func TestSinksThatAreNoFile(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.Mkdir(b.path("dir"), 0o755))
	for path, want := range map[string]string{
		"dir":                       "dir: not a regular file but a directory",
		filepath.Join(b.dir, "dir"): "not a regular file but a directory",
		os.DevNull:                  "not a regular file but a device",
	} {
		if path == os.DevNull && runtime.GOOS == "windows" {
			continue
		}
		err := (&Collector{Include: []string{"*.log"}, Sink: &File{Path: path}}).Run(t.Context(), b.root)
		require.ErrorContains(t, err, want)
	}
}

// What a sink has taken and can't bring to safety is not delivered.
func TestResumerThatCannotKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var down atomic.Bool
		s := &rows{lines: []string{"of before\n"}}
		s.mark = func() (string, error) {
			if down.Load() {
				return "", errors.New("no connection")
			}
			return strings.Repeat("x", len(s.lines)), nil
		}
		b.append("a.log", lines(0, 10))
		b.start(&Collector{Include: []string{"*.log"}, Sink: s, PollOnly: true})
		b.awaitLines(10)
		<-time.After(time.Second)
		down.Store(true)
		b.append("a.log", lines(10, 15))
		err := <-b.done
		require.ErrorContains(t, err, "no connection; not delivered: 245 bytes, 245 of a.log")
		require.EqualValues(t, 245, b.c.Stats().Lag)
		down.Store(false)
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, "of before\n"+lines(0, 15), strings.Join(s.lines, ""))
		require.Zero(t, b.c.Stats().Lag)
	})
}

func TestResumerThatHangs(t *testing.T) {
	b := newBench(t)
	s := &rows{lines: []string{"of before\n"}}
	hang := make(chan struct{})
	b.append("a.log", lines(0, 10))
	marks := 0
	s.mark = func() (string, error) {
		if marks++; marks > 1 {
			<-hang
		}
		return strings.Repeat("x", len(s.lines)), nil
	}
	b.startGrace(&Collector{Include: []string{"*.log"}, Sink: s}, 100*time.Millisecond)
	err := b.stop()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "has not returned")
	require.ErrorContains(t, err, "490 of a.log")
	require.ErrorContains(t, b.c.Run(context.Background(), b.root), "Write of an earlier run")
	close(hang)
	b.done = make(chan error, 1)
	b.await("the Mark has returned", func() bool {
		if !b.c.sink.TryLock() {
			return false
		}
		b.c.sink.Unlock()
		return true
	})
	b.start(b.c)
	require.NoError(t, b.stop())
	require.Equal(t, "of before\n"+lines(0, 10), strings.Join(s.lines, ""))
}

// One that ends the goroutine of the run itself leaves nothing locked.
func TestResumeThatEndsTheRun(t *testing.T) {
	b := newBench(t)
	s := &rows{lines: []string{"of before\n"}}
	c := &Collector{Include: []string{"*.log"}, Sink: s}
	s.mark = func() (string, error) { runtime.Goexit(); return "", nil }
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(context.Background(), b.root)
	}()
	<-ended
	s.mark = nil
	b.append("a.log", lines(0, 10))
	b.start(c)
	require.NoError(t, b.stop())
	require.Equal(t, "of before\n"+lines(0, 10), strings.Join(s.lines, ""))
}

// A mark is of the sink that it was asked of.
func TestMarkOfAnotherSink(t *testing.T) {
	b := newBench(t)
	c := &Collector{Include: []string{"*.log"}, Sink: &rows{lines: []string{"x"}}}
	b.append("a.log", lines(0, 5))
	b.start(c)
	require.NoError(t, b.stop())
	c.Sink = &File{Path: "out"}
	require.ErrorContains(t, c.Run(t.Context(), b.root), `mark "xxxxxx" is not of a File: the checkpoint is of another sink`)
	c.Sink = &memory{}
	b.append("a.log", lines(5, 10))
	b.start(c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(5, 10), c.Sink.(*memory).String())
	c.Sink = &File{Path: "out"}
	b.append("a.log", lines(10, 15))
	b.start(c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(10, 15), b.read("out"))
}
