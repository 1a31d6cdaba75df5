//go:build unix

package tcpproxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitRoom returns when the kernel takes bytes of c at once, c is closed, or it
// cannot be told.
func awaitRoom(c net.Conn) {
	s, ok := socket(c).(syscall.Conn)
	if !ok {
		return
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	raw.Write(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(p, 0)
		return err == nil && n > 0 || err != nil && err != unix.EINTR
	})
}
