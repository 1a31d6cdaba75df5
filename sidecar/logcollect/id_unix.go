//go:build unix

package logcollect

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// nonblock keeps the opening of a pipe that took a file's place from waiting for
// a writer.
const nonblock = syscall.O_NONBLOCK

func statID(_ *os.Root, name string, fi fs.FileInfo) (fileID, error) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, fmt.Errorf("%s: no device and inode in %T", name, fi.Sys())
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}, nil
}

func openID(f *os.File, fi fs.FileInfo) (fileID, error) { return statID(nil, f.Name(), fi) }

// links is how many names a file has.
func links(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
