package logcollect

import (
	"os"

	"golang.org/x/sys/unix"
)

// bornAt returns when f was made, in nanoseconds since 1970, 0 where the
// filesystem does not know.
func bornAt(f *os.File) int64 {
	var st unix.Statx_t
	err := control(f, func(fd int) error { return unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st) })
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
}
