//go:build !unix

package tcpproxy

import "net"

// A reader reads from a connection into a pooled buffer.
type reader struct {
	src net.Conn
	buf *[bufferSize]byte
}

func (r *reader) init(src net.Conn) { r.src = src }

// read returns bytes that are valid until release, also along with an error.
func (r *reader) read() ([]byte, error) {
	r.buf = buffers.Get().(*[bufferSize]byte)
	n, err := r.src.Read(r.buf[:])
	return r.buf[:n], err
}

func (r *reader) release() {
	if r.buf != nil {
		buffers.Put(r.buf)
		r.buf = nil
	}
}
