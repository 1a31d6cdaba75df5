package httpproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
)

// bufferSize is what an active connection reads into: enough for nearly all heads,
// and for bodies to cost few system calls.
const bufferSize = 16 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// A wire is a connection with what was read from it ahead of time, b[r:w]. It has
// a buffer only while it is in use.
type wire struct {
	net.Conn
	b      []byte
	r, w   int
	pooled *[bufferSize]byte // b, if it is from buffers
}

var errFull = errors.New("buffer is full")

func indexLF(b []byte) int { return bytes.IndexByte(b, '\n') }

func (c *wire) ahead() []byte { return c.b[c.r:c.w] }

// take gets a buffer, if there is none.
func (c *wire) take() {
	if c.b == nil {
		c.pooled = buffers.Get().(*[bufferSize]byte)
		c.b = c.pooled[:]
	}
}

// release gives the buffer back, with what is in it.
func (c *wire) release() {
	if c.pooled != nil {
		buffers.Put(c.pooled)
	}
	c.pooled, c.b, c.r, c.w = nil, nil, 0, 0
}

// fill reads once, behind what is there. It returns errFull if there is no room.
func (c *wire) fill() error {
	c.take()
	if c.r == c.w {
		c.r, c.w = 0, 0
	} else if c.w == len(c.b) && c.r > 0 {
		c.w = copy(c.b, c.b[c.r:c.w])
		c.r = 0
	}
	return c.append()
}

// append is fill without moving anything.
func (c *wire) append() error {
	if c.w == len(c.b) {
		return errFull
	}
	n, err := c.Conn.Read(c.b[c.w:])
	c.w += n
	if n > 0 {
		return nil // an error comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// grow makes room for a head of up to most bytes.
func (c *wire) grow(most int) bool {
	have := c.w - c.r
	if have >= most {
		return false
	}
	b := make([]byte, min(most, 2*len(c.b)))
	copy(b, c.ahead())
	c.release()
	c.b, c.w = b, have
	return true
}

// readHead reads up to the end of a head and returns it as a string. The bytes are
// consumed. It returns io.EOF if the connection ends before the first byte.
// started is called once when the head is not complete with the first read.
func (c *wire) readHead(most int, started func()) (string, error) {
	looked := 0
	for {
		b := c.ahead()
		end, now := headEnd(b, looked)
		looked = now
		if end > most || end == 0 && len(b) >= most {
			return "", errFull
		}
		if end > 0 {
			s := string(b[:end])
			c.r += end
			return s, nil
		}
		if len(b) > 0 && started != nil {
			started()
			started = nil
		}
		err := c.fill()
		if err == errFull {
			if !c.grow(most) {
				return "", errFull
			}
			continue
		}
		if err == io.EOF && len(c.ahead()) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
	}
}

// skipLines consumes empty lines before a request (RFC 9112, 2.2).
func (c *wire) skipLines() {
	for c.r < c.w && (c.b[c.r] == '\n' || c.b[c.r] == '\r' && c.r+1 < c.w && c.b[c.r+1] == '\n') {
		c.r++
	}
}
