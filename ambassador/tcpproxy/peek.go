package tcpproxy

import "net"

// A peeked connection gives back first what was read from it ahead of time. It is
// read by one goroutine, and has the half-close of what is below it.
type peeked struct {
	net.Conn
	ahead []byte
}

func (c *peeked) Read(b []byte) (int, error) {
	if len(c.ahead) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}

// NetConn returns the connection below.
func (c *peeked) NetConn() net.Conn { return c.Conn }

// unpeek returns the connection below c and what was read from it ahead, so that
// the rest can still be read without a buffer in waiting, and be spliced.
func unpeek(c net.Conn) (net.Conn, []byte) {
	if p, ok := c.(*peeked); ok {
		return p.Conn, p.ahead
	}
	return c, nil
}
