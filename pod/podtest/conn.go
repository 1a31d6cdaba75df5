package podtest

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// A conn is one end of a stream connection.
type conn struct {
	road          *road
	in, out       *stream
	local, remote net.Addr
	abortive      atomic.Bool // SetLinger(0)
}

var _ net.Conn = (*conn)(nil)

func newConns(r *road, from, to net.Addr) (client, server *conn) {
	there, back := newStream(r), newStream(r)
	client = &conn{road: r, in: back, out: there, local: from, remote: to}
	server = &conn{road: r, in: there, out: back, local: to, remote: from}
	r.enter(client, server)
	return client, server
}

// Read reads what the other end has written.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	return n, c.error("read", err)
}

// Write writes to the buffer of the other end, and waits while that is full.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	return n, c.error("write", err)
}

// Close ends the connection. The other end still reads what was written before;
// with SetLinger(0), or with data left unread, it then sees a reset.
func (c *conn) Close() error {
	was, unread := c.in.close(&c.in.readEnd, c.abortive.Load())
	if !was {
		return c.error("close", net.ErrClosed)
	}
	c.out.close(&c.out.writeEnd, c.abortive.Load() || unread)
	c.road.leave(c)
	return nil
}

func (c *conn) abort() {
	c.abortive.Store(true)
	c.Close()
}

// CloseWrite ends what this end writes: the other one reads EOF after it.
func (c *conn) CloseWrite() error { return c.error("close", c.out.shut(&c.out.writeEnd)) }

// CloseRead ends what this end reads. What the other one still writes is lost.
func (c *conn) CloseRead() error { return c.error("close", c.in.shut(&c.in.readEnd)) }

// SetLinger with 0 seconds makes Close reset the connection; all other values are
// the default, because Close never has anything left to send.
func (c *conn) SetLinger(seconds int) error {
	c.abortive.Store(seconds == 0)
	return nil
}

// LocalAddr is the address of this end.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address of the other end.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline makes Read return [os.ErrDeadlineExceeded] from t on. The zero
// time is none.
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.error("set", c.in.setDeadline(&c.in.readEnd, t))
}

// SetWriteDeadline does the same for Write.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.error("set", c.out.setDeadline(&c.out.writeEnd, t))
}

func (c *conn) error(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}
