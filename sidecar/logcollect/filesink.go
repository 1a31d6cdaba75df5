package logcollect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// A File is a Sink that appends the lines to a file, exactly once: what was
// written after the last checkpoint is cut off at the start of a run and comes
// again from the files. It must be the Sink of one Collector at a time, and
// nothing else may write to the file.
//
// Where the files are not all there any more, the end of the file is kept
// instead, up to its last newline: then what it holds of files that are there
// comes twice, at most that of about 100 ms. A file with a last line without a
// newline and without a checkpoint is given one.
//
// A line that its file ended without a newline when the Collector stopped is
// written at the very end, and taken back by the next run, which may find the
// rest of it.
//
// # Rotation
//
// With RotateBytes or RotateAfter the file is renamed when it is due and lines
// come: all.log becomes all.log.000001, the next time all.log.000002, and with more
// digits when six do not do. The number is never used again while a file with a
// higher one is there; files with higher numbers have later lines, and all.log the
// last ones. A file that has a number is complete and is not written to any more.
//
// With Compress, all.log.000001 becomes all.log.000001.gz, written beside it under a
// name that ends in .tmp, brought to disk, renamed, and only then is the original
// removed: whichever of the two names there is, the file is whole. The next run
// goes on with what was not compressed yet. A file that can't be compressed, as on
// a full disk, stays as it is and is tried again, after 1 s and up to a minute.
//
// # Rotation by others
//
// Somebody may rename or remove the file, as logrotate does: it is made again before
// the next line, and the renamed one is complete by then. If it was removed, the lines since
// the last checkpoint are written again to the new one. If it was truncated,
// writing goes on at its new end. Only if the process is killed less than about
// 100 ms after the file was removed, truncated, or moved out of its directory may
// the lines of this time come twice. A renamed file must not match Include when
// the Collector is started again.
type File struct {
	// Path is the file. Relative: below the root; absolute: anywhere. Missing
	// directories are made. It must not be empty, and what is there must be a
	// regular file. Neither it nor what it becomes by rotation is collected itself.
	Path string

	// RotateBytes is how large the file may become. It is larger only if a single
	// batch is, which has up to 1 MiB or one longer line. 0: any size; negative: an error.
	RotateBytes int64

	// RotateAfter is how long after its first line the file is rotated. 0: never;
	// negative: an error.
	RotateAfter time.Duration

	// KeepFiles is how many rotated files are kept, compressed or not; of more the
	// oldest are removed. 0: all; negative, or without rotation: an error.
	KeepFiles int

	// KeepFor is how long rotated files are kept after their last line. 0: for ever;
	// negative, or without rotation: an error.
	KeepFor time.Duration

	// Compress compresses what was rotated, in a goroutine of its own. Package
	// archive has gzip and zstd. nil: nothing is compressed; without rotation: an error.
	Compress Compressor

	out    atomic.Pointer[output] // nil: no run
	former former
	count  fileCounters
}

var _ Resumer = (*File)(nil)

func (f *File) validate() error {
	switch {
	case f == nil:
		return errors.New("nil *File")
	case f.Path == "":
		return errors.New("File.Path: empty")
	case !filepath.IsAbs(f.Path) && (!fs.ValidPath(filepath.ToSlash(f.Path)) || f.Path == "."):
		return fmt.Errorf("File.Path: %q is neither absolute nor a path below the root", f.Path)
	case f.RotateBytes < 0:
		return fmt.Errorf("File.RotateBytes: %d is negative", f.RotateBytes)
	case f.RotateAfter < 0:
		return fmt.Errorf("File.RotateAfter: %v is negative", f.RotateAfter)
	case f.KeepFiles < 0:
		return fmt.Errorf("File.KeepFiles: %d is negative", f.KeepFiles)
	case f.KeepFor < 0:
		return fmt.Errorf("File.KeepFor: %v is negative", f.KeepFor)
	case f.rotates():
		return checkCompressor(f.Compress)
	case f.KeepFiles > 0:
		return fmt.Errorf("File.KeepFiles: %d, but neither RotateBytes nor RotateAfter makes any", f.KeepFiles)
	case f.KeepFor > 0:
		return fmt.Errorf("File.KeepFor: %v, but neither RotateBytes nor RotateAfter makes files to keep", f.KeepFor)
	case f.Compress != nil:
		return fmt.Errorf("File.Compress: %T, but neither RotateBytes nor RotateAfter makes files to compress", f.Compress)
	}
	return nil
}

func (f *File) rotates() bool { return f.RotateBytes > 0 || f.RotateAfter > 0 }

// Resume implements [Resumer].
func (f *File) Resume(ctx context.Context, from Resume) error {
	o := newOutput(ctx, f, from)
	err := o.resume(from)
	if err == nil && !f.out.CompareAndSwap(nil, o) {
		err = errInUse
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path, errors.Join(err, o.close()))
	}
	if f.rotates() {
		o.keeper.start()
	}
	return nil
}

var errInUse = errors.New("in use by another Collector")

// Write implements [Sink].
func (f *File) Write(_ context.Context, batch Batch) error {
	o := f.out.Load()
	if o == nil {
		return errors.New("File is not open: it must be the Sink of a Collector, or be given Resume first")
	}
	return o.append(batch.Lines)
}

// Mark implements [Resumer].
func (f *File) Mark(context.Context) (string, error) {
	o := f.out.Load()
	if o == nil {
		return "", errors.New("File is not open")
	}
	m, err := o.mark()
	return m.String(), err
}

// Close implements [Resumer].
func (f *File) Close() error {
	if o := f.out.Swap(nil); o != nil {
		return o.close()
	}
	return nil
}

// Stats returns a snapshot of what was done with the files of all runs. It may be
// called at any time.
func (f *File) Stats() FileStats {
	return FileStats{
		Rotated:    f.count.rotated.Load(),
		Reopened:   f.count.reopened.Load(),
		Compressed: f.count.compressed.Load(),
		Removed:    f.count.removed.Load(),
		Errors:     f.count.errors.Load(),
	}
}

// FileStats is a snapshot of what a [File] does.
type FileStats struct {
	Rotated    int64 // files that were given a number
	Reopened   int64 // times that somebody else renamed, removed or truncated the file
	Compressed int64 // files that were compressed
	Removed    int64 // rotated files that were removed because of KeepFiles or KeepFor
	Errors     int64 // failures to rotate, compress or remove; each was tried again
}

type fileCounters struct{ rotated, reopened, compressed, removed, errors atomic.Int64 }

func (f *File) path() string { return f.Path }

// had tells whether a file was this one, before somebody renamed it.
func (f *File) had(root *os.Root, at sighting) bool { return f.former.has(root, at) }

func (f *File) due(size int) bool {
	o := f.out.Load()
	return o != nil && o.due(int64(size))
}

func (f *File) turn() error {
	if o := f.out.Load(); o != nil {
		return o.turn()
	}
	return nil
}
