package sockets

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// CanSplice tells whether io.Copy moves bytes from src to dst inside the kernel.
func CanSplice(dst, src net.Conn) bool {
	_, fromTCP := src.(*net.TCPConn)
	_, toTCP := dst.(*net.TCPConn)
	return fromTCP && (toTCP || isUnixStream(dst)) || toTCP && isUnixStream(src)
}

func isUnixStream(c net.Conn) bool {
	u, ok := c.(*net.UnixConn)
	return ok && u.LocalAddr().Network() == "unix"
}

// SourceBroke tells whether an error of such a Copy is src's and not dst's.
func SourceBroke(dst, src net.Conn, err error) bool {
	if _, ok := src.(*net.UnixConn); ok {
		return errors.Is(err, syscall.ECONNRESET) && !Inspect(dst).Closed
	}
	return Inspect(src).Closed
}

const tcpClose = 7 // TCP_CLOSE in include/net/tcp_states.h

// Inspect returns the state of c, which has to be the socket itself.
func Inspect(c net.Conn) (s State) {
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
		s.Known = true
		s.Closed = info.State == tcpClose
		s.Pending = !s.Closed && (info.Unacked > 0 || info.Notsent_bytes > 0)
		s.Acked = info.Bytes_acked
	})
	return s
}
