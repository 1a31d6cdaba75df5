package httpproxy

import (
	"net"
	"strconv"
)

// The head and the first bytes of a body are written at once, and so is a chunk
// with its size.

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

func appendFields(b []byte, f fields) []byte {
	for i := range f {
		b = appendField(b, f[i].name, f[i].value)
	}
	return b
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

func appendChunk(b, p []byte) []byte {
	b = strconv.AppendUint(b, uint64(len(p)), 16)
	b = append(b, "\r\n"...)
	b = append(b, p...)
	return append(b, "\r\n"...)
}

func appendLastChunk(b []byte, trailer fields) []byte {
	b = append(b, "0\r\n"...)
	b = appendFields(b, trailer)
	return append(b, "\r\n"...)
}

// A sink is where a body goes. Each piece is sent when it is written.
type sink interface {
	write(p []byte) error
	end(trailer fields) error
}

// A frame is a sink on a connection, behind what is in out still to be written.
type frame struct {
	conn    net.Conn
	chunked bool
	out     []byte
}

func (f *frame) write(p []byte) error {
	if !f.chunked && len(f.out) == 0 {
		_, err := f.conn.Write(p)
		return err
	}
	f.add(p)
	return f.flush()
}

// add is write without sending yet.
func (f *frame) add(p []byte) {
	if f.chunked {
		f.out = appendChunk(f.out, p)
	} else {
		f.out = append(f.out, p...)
	}
}

func (f *frame) end(trailer fields) error {
	if f.chunked {
		f.out = appendLastChunk(f.out, trailer)
	}
	return f.flush()
}

func (f *frame) flush() error {
	if len(f.out) == 0 {
		return nil
	}
	_, err := f.conn.Write(f.out)
	f.out = f.out[:0]
	return err
}
