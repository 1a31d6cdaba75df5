package httpproxy

import (
	"bytes"
	"io"
)

// A source is a body that is read piece by piece.
type source interface {
	// next returns at least one byte, which is valid until the next call, or an
	// error: io.EOF after the whole body, io.ErrUnexpectedEOF if it was cut.
	next() ([]byte, error)
	// trailer is what followed the body, once next has returned io.EOF.
	trailer() fields
	// ready tells whether next would not wait.
	ready() bool
	// last tells whether what next has returned is known to be the end of it.
	last() bool
}

// A body is the source of a message in HTTP/1.
type body struct {
	*wire
	how   framing
	left  int64 // of the length, or of the chunk
	most  int   // bytes of the trailer section
	state chunkState
	end   fields
	over  bool // has ended as it should

	total, limit int64 // bytes so far, and how many there may be; 0: any number
}

func (b *body) start(c *wire, how framing, length int64, most int) {
	*b = body{wire: c, how: how, left: length, most: most, over: how == noBody}
	if how == chunked {
		b.left = 0
	}
}

func (b *body) trailer() fields { return b.end }

func (b *body) ready() bool {
	if b.how == chunked && !b.over {
		return b.chunkReady()
	}
	return b.over || b.r < b.w
}

func (b *body) next() ([]byte, error) {
	if b.over {
		return nil, io.EOF
	}
	if b.how == chunked {
		if err := b.nextChunk(); err != nil {
			return nil, err
		}
		if b.over {
			return nil, io.EOF
		}
	}
	if b.r == b.w {
		if err := b.fill(); err != nil {
			if err == io.EOF && b.how == untilEnd {
				b.over = true
				return nil, io.EOF
			}
			return nil, cut(err)
		}
	}
	p := b.ahead()
	if b.how != untilEnd {
		if int64(len(p)) > b.left {
			p = p[:b.left]
		}
		b.left -= int64(len(p))
		b.over = b.left == 0 && b.how == byLength
	}
	b.r += len(p)
	if b.total += int64(len(p)); b.limit > 0 && b.total > b.limit {
		return nil, bad(413, "the body has more than %d bytes", b.limit)
	}
	return p, nil
}

func (b *body) last() bool {
	return b.over || b.how == chunked && b.state == inData && b.left == 0 && bytes.HasPrefix(b.ahead(), chunksEnd)
}

var chunksEnd = []byte("\r\n0\r\n\r\n")

// cut makes an end in the middle of something an error.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
