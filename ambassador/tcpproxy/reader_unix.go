//go:build unix

package tcpproxy

import (
	"io"
	"net"
	"os"
	"syscall"
)

// A reader reads from a connection into pooled buffers. On a socket it takes one
// only when there is something to read, so that an idle connection holds none.
type reader struct {
	src net.Conn
	raw syscall.RawConn // nil where src is no socket
	try func(fd uintptr) bool
	buf *[bufferSize]byte
	n   int
	err error
}

func (r *reader) init(src net.Conn) {
	r.src, r.raw = src, rawConn(src)
	r.try = r.tryRead
}

// rawConn is nil where c is no socket, or closed.
func rawConn(c net.Conn) (raw syscall.RawConn) {
	switch c := c.(type) {
	case *net.TCPConn:
		raw, _ = c.SyscallConn()
	case *net.UnixConn:
		raw, _ = c.SyscallConn()
	}
	return raw
}

// read returns bytes that are valid until release, also along with an error.
func (r *reader) read() ([]byte, error) {
	if r.raw == nil {
		r.take()
		n, err := r.src.Read(r.buf[:])
		return r.buf[:n], err
	}
	err := r.raw.Read(r.try)
	switch {
	case err != nil: // closed meanwhile
		return nil, err
	case r.err != nil:
		return nil, os.NewSyscallError("read", r.err)
	case r.n == 0:
		return nil, io.EOF
	}
	return r.buf[:r.n], nil
}

// tryRead returns false to be called again when fd is readable.
func (r *reader) tryRead(fd uintptr) bool {
	r.take()
	for {
		r.n, r.err = syscall.Read(int(fd), r.buf[:])
		switch r.err {
		case nil:
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			r.release()
			return false
		default:
			return true
		}
	}
}

func (r *reader) take() {
	if r.buf == nil {
		r.buf = buffers.Get().(*[bufferSize]byte)
	}
}

func (r *reader) release() {
	if r.buf != nil {
		buffers.Put(r.buf)
		r.buf = nil
	}
}
