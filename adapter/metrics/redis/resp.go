package redis

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxReply = 4 << 20
	maxSaid  = 500 // bytes of an error that are repeated
)

// command is a request as RESP has it.
func command(words ...string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, w := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b
}

// A replyError is what a server says with a minus before it, as "NOAUTH
// Authentication required.".
type replyError string

func (e replyError) Error() string { return fmt.Sprintf("the server says %q", string(e)) }

// unknown tells an error about the words of a command, not about what it does.
func (e replyError) unknown() bool {
	return strings.HasPrefix(string(e), "ERR syntax") || strings.HasPrefix(string(e), "ERR wrong number")
}

var errNotRedis = errors.New("the reply is none of Redis")

// replies reads them. Of all that there are, only strings and errors answer what
// is asked here.
type replies struct {
	r   *bufio.Reader
	buf []byte
}

func repliesOf(r io.Reader) replies { return replies{r: bufio.NewReaderSize(r, 16<<10)} }

// next returns the string of a reply, valid up to the next call.
func (p *replies) next() ([]byte, error) {
	line, err := p.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errNotRedis
	case err != nil:
		return nil, cut(err)
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(line) == 0 {
		return nil, errNotRedis
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '+':
		p.buf = append(p.buf[:0], rest...)
		return p.buf, nil
	case '-':
		return nil, replyError(rest[:min(len(rest), maxSaid)])
	case '$':
		n, err := strconv.ParseUint(string(rest), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: a string of length %.20q", errNotRedis, rest)
		}
		if n > maxReply {
			return nil, fmt.Errorf("the reply has %d bytes, more than %d", n, maxReply)
		}
		return p.bulk(int(n))
	}
	return nil, fmt.Errorf("%w: it begins with %q", errNotRedis, line[0])
}

// bulk reads n bytes and the end of the line. What grows is what has come, not
// what was promised.
func (p *replies) bulk(n int) ([]byte, error) {
	const step = 64 << 10
	p.buf = p.buf[:0]
	for len(p.buf) < n+2 {
		have := len(p.buf)
		want := min(n+2, max(cap(p.buf), have+step))
		if cap(p.buf) < want {
			p.buf = append(p.buf, make([]byte, want-have)...)
		}
		p.buf = p.buf[:want]
		if _, err := io.ReadFull(p.r, p.buf[have:]); err != nil {
			return nil, cut(err)
		}
	}
	if string(p.buf[n:]) != "\r\n" {
		return nil, fmt.Errorf("%w: a string that does not end where it says", errNotRedis)
	}
	return p.buf[:n], nil
}

// cut names the end that comes too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the reply is cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}
