//go:build unix

package tcpproxy

import (
	"net"
	"os"
	"syscall"
)

// A writer writes to a connection.
type writer struct {
	dst  net.Conn
	raw  syscall.RawConn // nil where dst is no socket
	try  func(fd uintptr) bool
	rest []byte
	err  error
}

func (w *writer) init(dst net.Conn) {
	w.dst, w.raw = dst, rawConn(dst)
	w.try = w.tryWrite
}

func (w *writer) write(b []byte) (int, error) {
	if w.raw == nil {
		return w.dst.Write(b)
	}
	w.rest, w.err = b, nil
	err := w.raw.Write(w.try)
	n := len(b) - len(w.rest)
	w.rest = nil
	if err == nil && w.err != nil {
		err = os.NewSyscallError("write", w.err)
	}
	return n, err
}

// tryWrite returns false to be called again when fd takes more.
func (w *writer) tryWrite(fd uintptr) bool {
	for len(w.rest) > 0 {
		n, err := syscall.Write(int(fd), w.rest)
		switch err {
		case nil:
			w.rest = w.rest[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			w.err = err
			return true
		}
	}
	return true
}
