package fetch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

const (
	headLimit  = 64 << 10 // of a response, up to the body
	readBuffer = 16 << 10
	continues  = 5 // answers 1xx before the answer
)

// A conn is a connection, and what was read of it.
type conn struct {
	net.Conn
	r    *bufio.Reader
	left int64       // of the head; negative: no bound
	stop func() bool // forgets the ctx that it is used under
}

var past = time.Unix(1, 0)

func dial(ctx context.Context, at *address) (*conn, error) {
	where, err := at.Where(ctx)
	if err != nil {
		return nil, err
	}
	nc, err := sandbox.Dial(ctx, at.Network, where)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc}
	c.r = bufio.NewReaderSize(limited{c}, readBuffer)
	return c, nil
}

// ask sends a request and returns the head of its answer. From now on ctx ends
// what waits for the server.
func (c *conn) ask(ctx context.Context, request []byte) (*http.Response, error) {
	c.stop = context.AfterFunc(ctx, func() { c.SetDeadline(past) })
	if c.r.Buffered() > 0 {
		return nil, errors.New("the server spoke without being asked")
	}
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	for range continues {
		c.left = headLimit
		resp, err := http.ReadResponse(c.r, &http.Request{Method: http.MethodGet})
		if err != nil {
			return nil, fmt.Errorf("no HTTP answer: %w", whole(err))
		}
		c.left = -1
		if resp.StatusCode >= 200 {
			return resp, nil
		}
	}
	return nil, errors.New("no HTTP answer: only informational ones")
}

// rest tells whether c can be kept until it is used again.
func (c *conn) rest() bool {
	stopped := c.stop()
	return stopped && c.r.Buffered() == 0
}

func (c *conn) close() {
	if c.stop != nil {
		c.stop()
	}
	c.Conn.Close()
}

// limited reads from a conn what its head may have.
type limited struct{ *conn }

func (l limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return l.Conn.Read(p)
	}
	if l.left == 0 {
		return 0, fmt.Errorf("the head has more than %d bytes", headLimit)
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.Conn.Read(p)
	l.left -= int64(n)
	return n, err
}
