package logcollect

import (
	"os"
	"syscall"
)

// bornAt returns when f was made, in nanoseconds since 1970.
func bornAt(f *os.File) int64 {
	fi, err := f.Stat()
	if err != nil {
		return 0
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Birthtimespec.Nano()
}

// generationOf returns 0: only root is told.
func generationOf(*os.File) uint32 { return 0 }
