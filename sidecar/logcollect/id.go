package logcollect

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// A fileID tells a file from all others that exist at the same time. When a file
// is gone its fileID may be given to a new one; the time of birth, where the
// filesystem has it, and the bytes before the offset tell these two apart.
type fileID struct{ dev, ino uint64 }

// A sighting is a regular file, seen under a name.
type sighting struct {
	name string
	id   fileID
	size int64
	mod  time.Time
}

var errIrregular = errors.New("not a regular file")

// look finds the file called name without opening it, because opening a pipe
// or a device may block or do something.
func look(root *os.Root, name string) (sighting, error) {
	fi, err := root.Stat(name)
	if err != nil {
		return sighting{}, err
	}
	if !fi.Mode().IsRegular() {
		return sighting{}, &fs.PathError{Op: "follow", Path: name, Err: errIrregular}
	}
	id, err := statID(root, name, fi)
	return sighting{name, id, fi.Size(), fi.ModTime()}, err
}

// missing tells whether err says that there is no such file, and not that it
// can't be seen.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errIrregular) }

// open opens the file called name for reading. The sighting is of what was
// opened, whatever name stands for by now.
func open(root *os.Root, name string) (*os.File, sighting, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, sighting{}, err
	}
	s, err := lookAt(f, name)
	if err != nil {
		f.Close()
		return nil, sighting{}, err
	}
	return f, s, nil
}

func lookAt(f *os.File, name string) (sighting, error) {
	fi, err := f.Stat()
	if err != nil {
		return sighting{}, err
	}
	if !fi.Mode().IsRegular() {
		return sighting{}, &fs.PathError{Op: "follow", Path: name, Err: errIrregular}
	}
	id, err := openID(f, fi)
	return sighting{name, id, fi.Size(), fi.ModTime()}, err
}
