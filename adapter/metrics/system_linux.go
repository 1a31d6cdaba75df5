package metrics

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is what /proc/<pid>/stat counts from. /proc/stat has it too, in whole
// seconds, after all interrupts of the machine; a time namespace moves both
// alike.
func bootTime() (int64, bool) {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return 0, false
	}
	return time.Now().UnixNano() - up.Nano(), true
}

// countOpen is how many descriptors the folder /proc/<pid>/fd lists. Since Linux
// 6.2 its size tells.
func countOpen(dir *os.File) (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err == nil && st.Size > 0 && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		var fs unix.Statfs_t
		if unix.Fstatfs(int(dir.Fd()), &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC {
			return st.Size, nil
		}
	}
	return listOpen(dir)
}
