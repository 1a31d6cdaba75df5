//go:build unix

package pod

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile locks f until it is closed or its process ends, for itself alone or
// shared. It does not wait.
func lockFile(f *os.File, alone bool) error {
	how := unix.LOCK_SH
	if alone {
		how = unix.LOCK_EX
	}
	return unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
}
