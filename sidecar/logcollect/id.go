package logcollect

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// A fileID tells a file from all others that exist at the same time. When a file
// is gone its fileID may be given to a new one, as ext4 does at once; the origin
// and the bytes before the offset tell these two apart.
type fileID struct{ dev, ino uint64 }

// An origin tells the files apart that were given one fileID after another. Each
// of its parts is 0 where the filesystem does not know it.
type origin struct {
	born int64  // when it was made, in nanoseconds since 1970
	gen  uint32 // the generation of the inode
}

func originOf(f *os.File) origin { return origin{bornAt(f), generationOf(f)} }

func (o origin) known() bool { return o != origin{} }

// differs tells whether o and p are of two files. Where nothing is known of one
// of them they may be.
func (o origin) differs(p origin) bool {
	return o.born != 0 && p.born != 0 && o.born != p.born || o.gen != 0 && p.gen != 0 && o.gen != p.gen
}

// A sighting is a regular file, seen under a name.
type sighting struct {
	path   string // what the patterns found it as; empty: found otherwise
	name   string // where it is, free of links
	id     fileID
	size   int64
	mod    time.Time
	shared bool // it has several names, so that a writer may use one that is not watched
}

var errIrregular = errors.New("not a regular file")

// look finds the file called name without opening it, because opening a pipe
// or a device may block or do something.
func look(root *os.Root, name string) (sighting, error) {
	fi, err := root.Stat(name)
	if err != nil {
		return sighting{}, err
	}
	return sight(root, name, fi)
}

// sight is look for what is known of a file already.
func sight(root *os.Root, name string, fi fs.FileInfo) (sighting, error) {
	if !fi.Mode().IsRegular() {
		return sighting{}, &fs.PathError{Op: "follow", Path: name, Err: errIrregular}
	}
	id, err := statID(root, name, fi)
	return sighting{name: name, id: id, size: fi.Size(), mod: fi.ModTime(), shared: links(fi) > 1}, err
}

// missing tells whether err says that there is no such file, and not that it
// can't be seen.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errIrregular) || errors.Is(err, syscall.ENOTDIR)
}

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
	return sighting{name: name, id: id, size: fi.Size(), mod: fi.ModTime(), shared: links(fi) > 1}, err
}
