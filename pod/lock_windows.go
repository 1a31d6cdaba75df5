package pod

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks f until it is closed or its process ends, for itself alone or
// shared. It does not wait.
func lockFile(f *os.File, alone bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if alone {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
}
