//go:build unix

package logcollect

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes f for this holder alone, until unlock or the end of the process.
// It returns false if another one has it, also in this process.
func lock(f *os.File) (bool, error) {
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock gives f free. Closing it is not enough while a child process is between
// fork and exec and so has f too.
func unlock(f *os.File) error {
	return control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
}

func control(f *os.File, do func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if failed := c.Control(func(fd uintptr) { err = do(int(fd)) }); failed != nil {
		return failed
	}
	return err
}
