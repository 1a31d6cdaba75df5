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

// getVersion asks for the generation of an inode: FS_IOC_GETVERSION, which is
// FS_IOC_GETFLAGS with another letter on every machine.
const getVersion = unix.FS_IOC_GETFLAGS + ('v'-'f')<<8

// generationOf returns the generation of f's inode, 0 where the filesystem has
// none.
func generationOf(f *os.File) (gen uint32) {
	err := control(f, func(fd int) (err error) {
		gen, err = unix.IoctlGetUint32(fd, getVersion)
		return err
	})
	if err != nil {
		return 0
	}
	return gen
}
