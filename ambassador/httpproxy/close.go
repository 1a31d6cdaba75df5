package httpproxy

import (
	"net"
	"time"
)

// linger closes in a way that lets the client read the answer although it is still
// sending (RFC 9112, 9.6).
func (c *client) linger() {
	w, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || w.CloseWrite() != nil {
		return
	}
	c.Conn.SetReadDeadline(time.Now().Add(lingerFor))
	c.r, c.w = 0, 0
	for n := 0; n < lingerBytes; n += c.w {
		c.r, c.w = 0, 0
		if c.fill() != nil {
			return
		}
	}
}

const (
	lingerFor   = time.Second
	lingerBytes = 256 << 10
)

func (c *client) close() {
	c.cancel()
	if c.reset && !c.tunnel {
		resetConn(c.Conn)
	}
	c.release()
	c.Conn.Close()
	c.run.forget(c)
}

// resetConn closes so that the peer learns of a failure, where its kind can tell.
func resetConn(c net.Conn) {
	below := lowest(c)
	if l, ok := below.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0)
	}
	below.Close()
}
