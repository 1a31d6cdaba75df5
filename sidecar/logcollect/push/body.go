package push

import (
	"errors"
	"io"
	"sync"
)

// A body is one request's. Its bytes are used again for the next request, so
// nothing may read them after shut: a transport can still be sending when the
// answer is there.
type body struct {
	mu    sync.Mutex
	bytes []byte
	over  bool
	last  *bodyReader
}

var errShut = errors.New("the request is over")

// reader begins again at the first byte, for a connection that went before it
// had carried anything.
func (b *body) reader() io.ReadCloser {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = &bodyReader{of: b}
	return b.last
}

// shut ends all reading, and says whether all of it was sent.
func (b *body) shut() (whole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	return b.last.at == len(b.bytes)
}

type bodyReader struct {
	of *body
	at int
}

func (r *bodyReader) Read(p []byte) (int, error) {
	b := r.of
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, errShut
	}
	n := copy(p, b.bytes[r.at:])
	r.at += n
	if r.at == len(b.bytes) {
		return n, io.EOF
	}
	return n, nil
}

func (r *bodyReader) Close() error { return nil }
