package logcollect

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// zipper is a Compressor of the standard library.
type zipper struct{}

func (zipper) Ext() string                                   { return ".gz" }
func (zipper) NewWriter(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

// names returns the files that a File called base has made, in the order of
// their lines.
func (b *bench) names(base string) []string {
	b.Helper()
	names, err := filepath.Glob(b.path(base) + ".*")
	require.NoError(b, err)
	names = slices.DeleteFunc(names, func(name string) bool {
		_, ext, ok := parseNumbered(filepath.Base(name), filepath.Base(base))
		return !ok || strings.HasSuffix(ext, tempExt)
	})
	slices.Sort(names)
	// Where a compression was interrupted there are both, and each is whole.
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(names, name+".gz") })
	if _, err := os.Stat(b.path(base)); err != nil { // a rotation was
		return names
	}
	return append(names, b.path(base))
}

// all returns all that a File called base has written.
func (b *bench) all(base string) string {
	b.Helper()
	var all strings.Builder
	for _, name := range b.names(base) {
		all.WriteString(b.unzip(name))
	}
	return all.String()
}

// unzip returns the text of a file, which may be compressed.
func (b *bench) unzip(name string) string {
	b.Helper()
	f, err := os.Open(name)
	require.NoError(b, err)
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(name) == ".gz" {
		r, err = gzip.NewReader(f)
		require.NoError(b, err, name)
	}
	text, err := io.ReadAll(r)
	require.NoError(b, err, name)
	return string(text)
}

// A faulty tap lets those changes fail that it is told to.
type faulty struct {
	mu   sync.Mutex
	fail func(change) error // nil: none
}

func (f *faulty) set(fail func(change) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *faulty) tap(c change, do func() error) error {
	f.mu.Lock()
	fail := f.fail
	f.mu.Unlock()
	if fail != nil {
		if err := fail(c); err != nil {
			return &fs.PathError{Op: c.op, Path: c.name, Err: err}
		}
	}
	return do()
}

func TestRotateBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		f := &File{Path: "out/a", RotateBytes: 500}
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true})
		n := 0
		more := func() {
			b.append("a.log", lines(n, n+4))
			n += 4
			b.awaitLines(int64(n))
		}
		for range 5 {
			more()
		}
		b.again(func() {})
		for range 5 {
			more()
		}
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, n), b.all("out/a"))
		for i, name := range b.names("out/a")[:4] {
			require.Equal(t, fmt.Sprintf("a.%06d", i+1), filepath.Base(name))
			fi, err := os.Stat(name)
			require.NoError(t, err)
			require.LessOrEqual(t, fi.Size(), int64(500))
		}
		require.EqualValues(t, 4, f.Stats().Rotated)
	})
}

func TestRotateByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "a", RotateAfter: time.Hour}, PollOnly: true})
		for i := range 6 {
			b.append("a.log", lines(i, i+1))
			b.awaitLines(int64(i + 1))
			<-time.After(25 * time.Minute)
			b.again(func() {})
		}
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 3), b.read("a.000001"))
		require.Equal(t, lines(3, 6), b.read("a"))
	})
}

func TestKeepFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		f := &File{Path: "a", RotateBytes: 1, KeepFiles: 2, Compress: zipper{}}
		b.append("a.000003.bak", "somebody's")
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true})
		for i := range 6 {
			b.append("a.log", lines(i, i+1))
			b.awaitLines(int64(i + 1))
		}
		b.await("removed", func() bool { return f.Stats().Removed == 3 && f.Stats().Compressed >= 2 })
		require.NoError(t, b.stop())
		require.Equal(t, "somebody's", b.read("a.000003.bak"))
		b.remove("a.000003.bak")
		require.Equal(t, lines(3, 6), b.all("a"))
	})
}

func TestKeepFor(t *testing.T) {
	b := newBench(t)
	f := &File{Path: "a", RotateBytes: 1, KeepFor: time.Hour}
	b.append("a.000007", "too old\n")
	b.append("a.000009.gz", "not old\n")
	b.append("a.000008.xz", "not ours\n")
	require.NoError(t, os.Chtimes(b.path("a.000007"), time.Time{}, time.Now().Add(-time.Hour)))
	require.NoError(t, os.Chtimes(b.path("a.000008.xz"), time.Time{}, time.Now().Add(-time.Hour)))
	require.NoError(t, os.Chtimes(b.path("a.000009.gz"), time.Time{}, time.Now().Add(-time.Hour+time.Minute)))
	b.append("a.log", lines(0, 1))
	b.start(&Collector{Include: []string{"*.log"}, Sink: f})
	b.awaitLines(1)
	b.append("a.log", lines(1, 2))
	b.awaitLines(2)
	b.await("removed", func() bool { return f.Stats().Removed == 1 })
	require.NoError(t, b.stop())
	require.NoFileExists(t, b.path("a.000007"))
	require.FileExists(t, b.path("a.000008.xz"))
	require.FileExists(t, b.path("a.000009.gz"))
	require.Equal(t, lines(0, 1), b.read("a.000010"), "behind all that have a number")
}

// What an interrupted compression left is finished.
func TestCompressGoesOn(t *testing.T) {
	b := newBench(t)
	b.append("a.000001", lines(0, 1))
	b.append("a.000001.gz.tmp", "half")
	b.append("a.000002", lines(1, 2))
	var zipped strings.Builder
	w := gzip.NewWriter(&zipped)
	io.WriteString(w, lines(1, 2))
	require.NoError(t, w.Close())
	b.append("a.000002.gz", zipped.String()) // whole, or it would be a .tmp
	f := &File{Path: "a", RotateBytes: 1, Compress: zipper{}}
	b.start(&Collector{Include: []string{"*.log"}, Sink: f})
	b.await("all compressed", func() bool {
		_, err := os.Stat(b.path("a.000002"))
		return f.Stats().Compressed == 1 && err != nil
	})
	require.NoError(t, b.stop())
	require.NoFileExists(t, b.path("a.000001"))
	require.NoFileExists(t, b.path("a.000001.gz.tmp"))
	require.Equal(t, lines(0, 2), b.all("a"))
}

func TestCompressOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		disk := &faulty{}
		disk.set(func(c change) error {
			if c.op == "write" && strings.HasSuffix(c.name, tempExt) && strings.Contains(c.name, ".gz") {
				return syscall.ENOSPC
			}
			return nil
		})
		f := &File{Path: "a", RotateBytes: 1, Compress: zipper{}}
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true, tap: disk.tap})
		for i := range 3 {
			b.append("a.log", lines(i, i+1))
			b.awaitLines(int64(i + 1))
		}
		began := time.Now()
		b.await("tried again", func() bool { return f.Stats().Errors == 5 })
		require.Greater(t, time.Since(began), 5*time.Second, "with pauses")
		require.Equal(t, lines(0, 1), b.read("a.000001"))
		require.Equal(t, lines(1, 2), b.read("a.000002"))
		require.NoFileExists(t, b.path("a.000001.gz.tmp"))
		disk.set(nil)
		b.await("compressed", func() bool { return f.Stats().Compressed == 2 })
		require.NoError(t, b.stop())
		require.NoFileExists(t, b.path("a.000001"))
		require.Equal(t, lines(0, 3), b.all("a"))
	})
}

// bad is a Compressor that fails in all ways, and then not any more.
type bad struct{ n *int }

func (bad) Ext() string { return ".gz" }

func (c bad) NewWriter(w io.Writer) (io.WriteCloser, error) {
	switch *c.n++; *c.n {
	case 2:
		return nil, errors.New("no memory")
	case 3:
		panic("a bug")
	case 4:
		w.Write([]byte("half"))
		return struct{ io.WriteCloser }{}, nil // which panics too
	}
	return gzip.NewWriter(w), nil
}

func TestBadCompressor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		f := &File{Path: "a", RotateBytes: 1, Compress: bad{new(int)}}
		b.append("a.000001", lines(0, 1))
		b.append("a.log", lines(1, 2))
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true})
		b.await("compressed", func() bool { return f.Stats().Compressed == 1 })
		require.NoError(t, b.stop())
		require.EqualValues(t, 3, f.Stats().Errors)
		require.Equal(t, lines(0, 2), b.all("a"))
	})
}

// Lines do not wait for a rotation that can't be.
func TestRotationFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		disk := &faulty{}
		f := &File{Path: "a", RotateBytes: 1}
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true, tap: disk.tap})
		disk.set(func(c change) error {
			if c.op == "rename" && strings.HasSuffix(c.to, "a.000001") {
				return syscall.EACCES
			}
			return nil
		})
		for i := range 8 {
			b.append("a.log", lines(i, i+1))
			b.awaitLines(int64(i + 1))
		}
		require.EqualValues(t, 1, f.Stats().Errors, "not for each line")
		require.Equal(t, lines(0, 8), b.read("a"))
		disk.set(nil)
		<-time.After(turnPause)
		b.append("a.log", lines(8, 9))
		b.awaitLines(9)
		disk.set(func(c change) error {
			if c.op == "create" && filepath.Base(c.name) == "a" {
				return syscall.ENOSPC
			}
			return nil
		})
		b.append("a.log", lines(9, 10))
		b.await("no file to write to", func() bool { return b.c.Stats().SinkErrors > 3 })
		disk.set(nil)
		b.awaitLines(10)
		require.NoError(t, b.stop())
		require.Equal(t, []string{lines(0, 8), lines(8, 9), lines(9, 10)}, []string{b.read("a.000001"), b.read("a.000002"), b.read("a")})
	})
}

// A run that ends between a rotation and the new file leaves nothing half done.
func TestRotationFailsToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		disk := &faulty{}
		f := &File{Path: "a", RotateBytes: 1}
		b.append("a.log", lines(0, 1))
		b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true, tap: disk.tap})
		b.awaitLines(1)
		disk.set(func(c change) error {
			if c.op == "create" && filepath.Base(c.name) == "a" {
				return syscall.ENOSPC
			}
			return nil
		})
		b.append("a.log", lines(1, 2))
		b.await("no file to write to", func() bool { return b.c.Stats().SinkErrors > 3 })
		err := b.stop()
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorContains(t, err, "not delivered: 49 bytes, 49 of a.log")
		disk.set(nil)
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 2), b.all("a"))
		require.Len(t, b.names("a"), 2)
	})
}

func TestOwnFilesAreNotCollected(t *testing.T) {
	for _, absolute := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			f := &File{Path: "logs/all.log", RotateBytes: 300, Compress: zipper{}}
			if absolute {
				f.Path = b.path(f.Path)
			}
			b.append("logs/a.log", "")
			b.start(&Collector{Include: []string{"**"}, Sink: f, PollOnly: true})
			for i := range 50 {
				b.append("logs/a.log", lines(i, i+1))
				b.awaitLines(int64(i + 1))
			}
			b.rename("logs/all.log", "logs/mine.log") // by somebody else
			b.append("logs/a.log", lines(50, 51))
			b.awaitLines(51)
			<-time.After(5 * time.Second)
			require.EqualValues(t, 1, b.c.Stats().Files)
			require.NoError(t, b.stop())
			require.EqualValues(t, 51, b.c.Stats().Lines)
			b.rename("logs/mine.log", "logs/all.log.000099")
			b.rename("logs/all.log", "logs/x")
			b.append("logs/all.log", b.read("logs/x"))
			require.Equal(t, lines(0, 51), b.all("logs/all.log"))
		})
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct {
		f    *File
		want string
	}{
		{&File{Path: "a", RotateBytes: -1}, "File.RotateBytes: -1 is negative"},
		{&File{Path: "a", RotateAfter: -1}, "File.RotateAfter: -1ns is negative"},
		{&File{Path: "a", KeepFiles: -1}, "File.KeepFiles: -1 is negative"},
		{&File{Path: "a", KeepFor: -1}, "File.KeepFor: -1ns is negative"},
		{&File{Path: "a", KeepFiles: 3}, "File.KeepFiles: 3, but neither"},
		{&File{Path: "a", KeepFor: 3}, "File.KeepFor: 3ns, but neither"},
		{&File{Path: "a", Compress: zipper{}}, "File.Compress: logcollect.zipper, but neither"},
		{&File{Path: "a", RotateBytes: 1, Compress: odd(".tmp")}, `File.Compress: logcollect.odd: its Ext is ".tmp"`},
		{&File{Path: "a", RotateBytes: 1, Compress: odd("gz")}, `its Ext is "gz"`},
		{&File{Path: "a", RotateBytes: 1, Compress: odd(".x")}, `NewWriter returns nil`},
	} {
		b := newBench(t)
		err := (&Collector{Include: []string{"*.log"}, Sink: c.f}).Run(t.Context(), b.root)
		require.ErrorContains(t, err, c.want)
	}
}

type odd string

func (o odd) Ext() string                               { return string(o) }
func (odd) NewWriter(io.Writer) (io.WriteCloser, error) { return nil, nil }

func TestNumbered(t *testing.T) {
	for name, want := range map[string]string{
		"a.000001": "1 ", "a.000001.gz": "1 .gz", "a.123456.zst.tmp": "123456 .zst.tmp", "a.1234567": "1234567 ",
		"a": "", "a.1": "", "a.000000": "", "a.0000001": "", "a.000001x": "", "a.000001.": "", "a.000001.GZ": "",
		"b.000001": "", "a.99999999999999999999": "", "a.000001.tmp": "", "a.000001.gz.tmp.tmp": "", "a.000001-x": "",
	} {
		n, ext, ok := parseNumbered(name, "a")
		got := ""
		if ok {
			got = fmt.Sprint(n, " ", ext)
		}
		require.Equal(t, want, got, name)
	}
}
