//go:build unix

package logcollect

import (
	"os"
	"syscall"
)

// nameless tells whether f was removed.
func nameless(f *os.File) bool {
	fi, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}
