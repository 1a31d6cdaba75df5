package metrics

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// An openFile is one under /proc or /sys that is kept open, and read from its
// beginning at each collection: half of what a small file costs is to open it.
// An open file of a process stays with it when another gets its pid, and one of
// a control group with the group; reading it fails when they are gone.
type openFile struct {
	path string
	file *os.File
}

// A reader reads into one buffer.
type reader struct {
	sys *system
	buf []byte
}

func (r *reader) open(path string) (*openFile, error) {
	f, err := os.Open(r.sys.root + path)
	if err != nil {
		return nil, err
	}
	return &openFile{path, f}, nil
}

func (f *openFile) close() {
	if f != nil {
		f.file.Close()
	}
}

// read returns what is in the file now, valid up to the next read.
func (r *reader) read(f *openFile) ([]byte, error) {
	if r.buf == nil {
		r.buf = make([]byte, 8<<10)
	}
	for size := 0; ; {
		n, err := f.file.ReadAt(r.buf[size:], int64(size))
		size += n
		if size > maxFile {
			return nil, fmt.Errorf("%s is longer than %d bytes", f.path, maxFile)
		}
		if err == io.EOF {
			return r.buf[:size], nil
		}
		if err != nil {
			return nil, err
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
}

// once reads a file that is not kept open.
func (r *reader) once(path string) ([]byte, error) {
	f, err := r.open(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return r.read(f)
}

// parsed returns what parse makes of the file.
func parsed[T any](r *reader, f *openFile, parse func([]byte) (T, error)) (v T, err error) {
	data, err := r.read(f)
	if err != nil {
		return v, err
	}
	if v, err = parse(data); err != nil {
		return v, fmt.Errorf("%s: %w", f.path, err)
	}
	return v, nil
}

// isGone tells the error of a process or a control group that is not there.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.ENODEV)
}

// isHidden tells the error of what this user must not see, or the kernel was
// built without.
func isHidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist)
}

// listOpen counts what is in a folder.
func listOpen(dir *os.File) (n int64, err error) {
	if _, err = dir.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	for {
		names, err := dir.Readdirnames(1024)
		n += int64(len(names))
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
