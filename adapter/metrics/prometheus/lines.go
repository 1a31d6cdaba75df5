package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lines reads line after line from a stream, with one buffer that is kept.
type lines struct {
	src   io.Reader
	buf   []byte
	from  int // of what is not read yet
	to    int // of what there is
	most  int // bytes of a line
	line  int // number of the last one
	ended bool
}

// firstBuffer is what most answers of a target need at a time.
const firstBuffer = 64 << 10

func (l *lines) begin(src io.Reader, most int) {
	if l.buf == nil {
		l.buf = make([]byte, firstBuffer)
	}
	l.src, l.from, l.to, l.most, l.line, l.ended = src, 0, 0, most, 0, false
}

func (l *lines) end() {
	l.src = nil
	if len(l.buf) > 4*firstBuffer {
		l.buf = nil
	}
}

// next returns a line without its end; whole is false for a last one that has
// none. It is valid until the next call. At the end of the stream it is io.EOF.
func (l *lines) next() (line []byte, whole bool, err error) {
	searched := l.from
	for {
		if i := bytes.IndexByte(l.buf[searched:l.to], '\n'); i >= 0 {
			line = l.buf[l.from : searched+i]
			l.from = searched + i + 1
			l.line++
			return line, true, l.check(line)
		}
		if l.ended {
			line = l.buf[l.from:l.to]
			l.from = l.to
			if len(line) == 0 {
				return nil, false, io.EOF
			}
			l.line++
			return line, false, l.check(line)
		}
		if l.to-l.from > l.most {
			l.line++
			return nil, false, l.tooLong()
		}
		searched = l.to - l.from
		if err := l.fill(); err != nil {
			return nil, false, err
		}
		searched += l.from
	}
}

func (l *lines) check(line []byte) error {
	if len(line) > l.most {
		return l.tooLong()
	}
	return nil
}

func (l *lines) tooLong() error {
	return fmt.Errorf("line %d is longer than %d bytes", l.line, l.most)
}

// fill reads more, behind what is not read yet.
func (l *lines) fill() error {
	if l.from > 0 {
		l.to = copy(l.buf, l.buf[l.from:l.to])
		l.from = 0
	}
	if l.to == len(l.buf) {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.to:])
		l.to += n
		if err == io.EOF {
			l.ended = true
			return nil
		}
		if err != nil || n > 0 {
			return err
		}
	}
	return errors.New("the stream gives neither bytes nor an end")
}
