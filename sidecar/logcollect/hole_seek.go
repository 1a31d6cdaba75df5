//go:build linux || darwin

package logcollect

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nextData returns where behind offset a filesystem that knows has data, -1 for
// nowhere, and offset if it does not know.
func nextData(f *os.File, offset int64) int64 {
	next := offset
	err := control(f, func(fd int) (err error) {
		next, err = unix.Seek(fd, offset, unix.SEEK_DATA)
		return err
	})
	switch {
	case errors.Is(err, unix.ENXIO):
		return -1
	case err != nil:
		return offset
	}
	return next
}

// nextHole returns where behind offset a filesystem that knows has a hole, or else
// the end of the file, -1 if that can't be told.
func nextHole(f *os.File, offset int64) int64 {
	next := int64(-1)
	err := control(f, func(fd int) (err error) {
		next, err = unix.Seek(fd, offset, unix.SEEK_HOLE)
		return err
	})
	if err != nil {
		return -1
	}
	return next
}
