package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// A Body is what is read of an answer.
type Body struct {
	Header http.Header // of the answer

	client *Client
	ctx    context.Context
	from   io.Reader
	conn   *conn
	left   int64
	keep   bool // the connection, when all was read
	ended  error
}

// Read returns io.EOF only where the body is whole.
func (b *Body) Read(p []byte) (int, error) {
	if b.ended != nil {
		return 0, b.ended
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more tells that there is more
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		n, err = n-1, fmt.Errorf("the body has more than %d bytes", b.client.Limit)
	case err == io.EOF && b.keep && b.conn.r.Buffered() > 0:
		err = errors.New("the server sent more than the body")
	case err != nil && err != io.EOF:
		err = whole(err)
	}
	if err != nil && err != io.EOF {
		err = b.client.explain(b.ctx, err)
	}
	b.ended = err
	return n, err
}

// Close ends the reading. The connection is kept if all was read. That of
// net/http is not called: it would read what is left, however long that takes.
func (b *Body) Close() error {
	if b.client == nil {
		return nil
	}
	if b.client.conn == b.conn && (b.ended != io.EOF || !b.keep || !b.conn.rest()) {
		b.client.Close()
	}
	b.client = nil
	b.ended = io.ErrClosedPipe
	return nil
}
