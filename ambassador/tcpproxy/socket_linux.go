package tcpproxy

import (
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// canSplice tells whether io.Copy moves bytes from src to dst inside the kernel.
func canSplice(dst, src net.Conn) bool {
	_, fromTCP := src.(*net.TCPConn)
	_, toTCP := dst.(*net.TCPConn)
	return fromTCP && (toTCP || isUnixStream(dst)) || toTCP && isUnixStream(src)
}

func isUnixStream(c net.Conn) bool {
	u, ok := c.(*net.UnixConn)
	return ok && u.LocalAddr().Network() == "unix"
}

// brokenSource tells whether an error of splice is src's and not its target's.
func brokenSource(dst, src net.Conn, err error) bool {
	if _, ok := src.(*net.UnixConn); ok {
		return errors.Is(err, syscall.ECONNRESET) && !inspect(dst).closed
	}
	return inspect(src).closed
}

const tcpClose = 7 // TCP_CLOSE in include/net/tcp_states.h

func inspect(c net.Conn) (s socketState) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return s
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return s
	}
	raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		s.known = true
		s.closed = info.State == tcpClose
		s.pending = !s.closed && (info.Unacked > 0 || info.Notsent_bytes > 0)
		s.acked = info.Bytes_acked
	})
	return s
}

// setUserTimeout sets TCP_USER_TIMEOUT (RFC 5482), in whole milliseconds.
func setUserTimeout(c *net.TCPConn, d time.Duration) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(max(1, d.Milliseconds())))
	})
}
