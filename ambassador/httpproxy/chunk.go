package httpproxy

import (
	"bytes"
	"strings"
)

// A chunkState is where in a chunked body the next byte is.
type chunkState int

const (
	atSize    chunkState = iota // of the line with the next chunk's size
	inData                      // of a chunk's data, or just behind it
	inTrailer                   // behind the last chunk
)

const (
	maxChunkLine = 1 << 10 // with the extensions, which are dropped (RFC 9112, 7.1.1)
	maxChunkSize = 15      // digits
)

// nextChunk goes on to where data is, or to the end.
func (b *body) nextChunk() error {
	for {
		switch b.state {
		case inData:
			if b.left > 0 {
				return nil
			}
			line, err := b.chunkLine(2)
			if err != nil {
				return err
			}
			if len(line) > 0 {
				return bad(400, "a chunk is longer than its size")
			}
			b.state = atSize
		case atSize:
			line, err := b.chunkLine(maxChunkLine)
			if err != nil {
				return err
			}
			if b.left, err = parseChunkSize(line); err != nil {
				return err
			}
			if b.state = inData; b.left == 0 {
				b.state = inTrailer
			}
		case inTrailer:
			return b.readTrailer()
		}
	}
}

// chunkReady tells whether what is read ahead has data of a chunk, or all of the
// end.
func (b *body) chunkReady() bool {
	p := b.ahead()
	if b.state == inData && b.left > 0 {
		return len(p) > 0
	}
	if b.state == inData {
		if len(p) < 2 {
			return false
		}
		p = p[2:]
	}
	if b.state != inTrailer {
		i := indexLF(p)
		if i < 0 {
			return len(p) > maxChunkLine // which is an error
		}
		size, err := parseChunkSize(bytes.TrimSuffix(p[:i], []byte("\r")))
		p = p[i+1:]
		if err != nil || size > 0 {
			return err != nil || len(p) > 0
		}
	}
	if len(p) >= 2 && p[0] == '\r' && p[1] == '\n' {
		return true
	}
	end, _ := headEnd(p, 0)
	return end > 0
}

// chunkLine returns a line that ends with CRLF, and nothing else will do: what
// one side takes for the end of a line and the other one does not is how
// requests are smuggled.
func (b *body) chunkLine(most int) ([]byte, error) {
	for {
		p := b.ahead()
		if i := indexLF(p); i >= 0 && i <= most {
			if i == 0 || p[i-1] != '\r' {
				return nil, bad(400, "a line of a chunk ends with LF alone")
			}
			b.r += i + 1
			return p[:i-1], nil
		} else if i > most || len(p) > most {
			if most == 2 {
				return nil, bad(400, "a chunk is longer than its size")
			}
			return nil, bad(400, "a chunk's size and extensions have more than %d bytes", most)
		}
		if err := b.fill(); err != nil {
			return nil, cut(err)
		}
	}
}

// parseChunkSize reads the hexadecimal size before the extensions, which have no
// control characters.
func parseChunkSize(line []byte) (int64, error) {
	size, ext := line, []byte(nil)
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		size, ext = line[:i], line[i:]
	}
	for len(size) > 0 && (size[len(size)-1] == ' ' || size[len(size)-1] == '\t') {
		size = size[:len(size)-1] // BWS: RFC 9112, 7.1.1
	}
	for _, c := range ext {
		if chars[c]&inValue == 0 {
			return 0, bad(400, "a chunk's extension has a control character")
		}
	}
	if len(size) == 0 || len(size) > maxChunkSize {
		return 0, bad(400, "a chunk's size is %.20q", size)
	}
	var n int64
	for _, c := range size {
		switch {
		case digit(c):
			n = n<<4 | int64(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | int64(c|0x20-'a'+10)
		default:
			return 0, bad(400, "a chunk's size is %.20q", size)
		}
	}
	return n, nil
}

// readTrailer reads the trailer section, and keeps of it what may be sent as such
// (RFC 9110, 6.5.1).
func (b *body) readTrailer() error {
	p := b.ahead()
	for len(p) < 2 {
		if err := b.fill(); err != nil {
			return cut(err)
		}
		p = b.ahead()
	}
	b.over = true
	if p[0] == '\r' && p[1] == '\n' {
		b.r += 2
		return nil
	}
	b.over = false
	s, err := b.readHead(b.most, nil)
	if err == errFull {
		return bad(431, "the trailer section has more than %d bytes", b.most)
	} else if err != nil {
		return cut(err)
	}
	all, err := parseFields(nil, s, false)
	if err != nil {
		return err
	}
	b.over = true
	for _, f := range all {
		if !hopByHop(f.name) && !notInTrailer[strings.ToLower(f.name)] {
			b.end = append(b.end, f)
		}
	}
	return nil
}

// notInTrailer are fields for routing, authentication and the like, which a
// receiver that merges trailers must not find there.
var notInTrailer = map[string]bool{
	"authorization": true, "cache-control": true, "content-encoding": true, "content-range": true,
	"content-type": true, "cookie": true, "expect": true, "forwarded": true, "max-forwards": true,
	"set-cookie": true, "trailer": true, "x-forwarded-for": true, "x-forwarded-host": true,
	"x-forwarded-proto": true, "www-authenticate": true, "pragma": true, "range": true, "te": true,
}
