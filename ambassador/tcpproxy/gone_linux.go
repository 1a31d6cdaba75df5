package tcpproxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

func tellsGone(c net.Conn) bool {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// awaitGone returns true once neither direction of c is open, and false when its
// read deadline passes or it is closed here. It reads nothing.
func awaitGone(c net.Conn) bool {
	var gone bool
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd)}} // errors and hang-ups are always told
		n, err := unix.Poll(p, 0)
		gone = err == nil && n > 0 && p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		return gone
	})
	return err == nil && gone
}
