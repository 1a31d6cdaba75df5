package logcollect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a Sink that appends the lines to a file, exactly once: what was
// written after the last checkpoint is cut off at the start of a run and comes
// again from the files. It must be the Sink of one Collector at a time, and
// nothing else may write to the file or shorten it.
//
// Where the files are not all there any more, the end of the file is kept
// instead, up to its last newline: then what it holds of files that are there
// comes twice, at most that of about 100 ms. A file with a last line without a
// newline and without a checkpoint is given one.
//
// A line that its file ended without a newline when the Collector stopped is
// written at the very end, and taken back by the next run, which may find the
// rest of it.
type File struct {
	// Path is the file. Relative: below the root; absolute: anywhere. Missing
	// directories are made. It is never collected itself. It must not be empty.
	Path string

	// NoSync leaves it to the system when the lines are brought to disk. A crash of
	// the process loses nothing then either, but loss of power may. By default a
	// checkpoint is written only when the lines before it are on disk.
	NoSync bool

	dir  *os.Root
	f    *os.File // nil: not open
	self fileID
	end  int64 // of the lines taken
	torn bool  // a Write that failed has left something beyond
}

var _ resumer = (*File)(nil)

func (f *File) validate() error {
	switch {
	case f == nil:
		return errors.New("nil *File")
	case f.Path == "":
		return errors.New("File.Path: empty")
	case !filepath.IsAbs(f.Path) && (!fs.ValidPath(filepath.ToSlash(f.Path)) || f.Path == "."):
		return fmt.Errorf("File.Path: %q is neither absolute nor a path below the root", f.Path)
	}
	return nil
}

// Write implements [Sink].
func (f *File) Write(_ context.Context, batch Batch) error {
	if f.f == nil {
		return errors.New("File is not open: it must be the Sink of a Collector, not a part of one")
	}
	// At an offset, so that one that failed in the middle is simply done again.
	n, err := f.f.WriteAt(batch.Lines, f.end)
	if f.torn = err != nil; f.torn {
		return err
	}
	f.end += int64(n)
	return nil
}

// open opens the file, and brings it to the length that last says if whole,
// which is that everything after it comes again. It returns what it did, if that
// is out of the ordinary.
func (f *File) open(root *os.Root, last mark, whole bool) (did string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Path, errors.Join(err, f.close()))
		}
	}()
	if err := f.create(root); err != nil {
		return "", err
	}
	at, err := lookAt(f.f, f.Path)
	if err != nil {
		return "", err
	}
	f.self, f.end = at.id, at.size
	switch {
	case at.id != last.id:
		return "", f.complete()
	case at.size < last.length:
		did = fmt.Sprintf("it has %d bytes, and had %d when the checkpoint was written", at.size, last.length)
		return did, f.complete()
	case whole:
		f.end = last.length
	default:
		if f.end, err = lastNewline(f.f, last.length, at.size); err != nil {
			return "", err
		}
		if f.end > last.length {
			did = fmt.Sprintf("%d bytes after the checkpoint kept, because not all files they may come from are there", f.end-last.length)
		}
	}
	return did, f.f.Truncate(f.end)
}

// create opens the file for this holder alone.
func (f *File) create(root *os.Root) (err error) {
	dir := filepath.Dir(f.Path)
	if filepath.IsAbs(f.Path) {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			f.dir, err = os.OpenRoot(dir)
		}
	} else {
		if err = root.MkdirAll(dir, 0o755); err == nil {
			f.dir, err = root.OpenRoot(dir)
		}
	}
	if err != nil {
		return err
	}
	file, err := f.dir.OpenFile(f.base(), os.O_RDWR|os.O_CREATE|nonblock, 0o644)
	if err != nil {
		return err
	}
	if ok, err := lock(file); !ok {
		return cmp.Or(errors.Join(err, file.Close()), errors.New("in use by another Collector"))
	}
	f.f = file
	if f.NoSync {
		return nil
	}
	return syncDir(f.dir, ".")
}

func (f *File) base() string { return filepath.Base(f.Path) }

// complete makes the file end with a newline. What it ends with is not known to
// come again, so it stays.
func (f *File) complete() error {
	end, err := lastNewline(f.f, 0, f.end)
	if err != nil || end == f.end {
		return err
	}
	_, err = f.f.WriteAt([]byte("\n"), f.end)
	f.end++
	return err
}

func (f *File) sync() (mark, error) {
	// Else everything from now on would be lost with the file.
	if at, err := look(f.dir, f.base()); err != nil || at.id != f.self {
		return mark{}, fmt.Errorf("%s was removed or renamed", f.Path)
	}
	if !f.NoSync {
		if err := f.f.Sync(); err != nil {
			return mark{}, err
		}
	}
	return mark{f.self, f.end}, nil
}

func (f *File) id() fileID { return f.self }

func (f *File) close() (err error) {
	if f.torn {
		err = f.f.Truncate(f.end)
	}
	if f.f != nil {
		err = errors.Join(err, unlock(f.f), f.f.Close())
	}
	if f.dir != nil {
		err = errors.Join(err, f.dir.Close())
	}
	f.dir, f.f, f.self, f.torn = nil, nil, fileID{}, false
	return err
}

// lastNewline returns the offset behind the last newline in r between from and
// to, or from if there is none.
func lastNewline(r io.ReaderAt, from, to int64) (int64, error) {
	buf := make([]byte, 32<<10)
	for to > from {
		n := min(int64(len(buf)), to-from)
		if _, err := r.ReadAt(buf[:n], to-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return to - n + int64(i) + 1, nil
		}
		to -= n
	}
	return from, nil
}
