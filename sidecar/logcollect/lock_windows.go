package logcollect

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// farAway is where the locked byte is, because on Windows others can't read what
// is locked.
const farAway = 1 << 30

// lock takes f for this holder alone, until unlock or the end of the process.
// It returns false if another one has it, also in this process.
func lock(f *os.File) (bool, error) {
	err := control(f, func(h windows.Handle) error {
		return windows.LockFileEx(h, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
			&windows.Overlapped{OffsetHigh: farAway})
	})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// unlock gives f free.
func unlock(f *os.File) error {
	return control(f, func(h windows.Handle) error {
		return windows.UnlockFileEx(h, 0, 1, 0, &windows.Overlapped{OffsetHigh: farAway})
	})
}

func control(f *os.File, do func(windows.Handle) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if failed := c.Control(func(h uintptr) { err = do(windows.Handle(h)) }); failed != nil {
		return failed
	}
	return err
}
