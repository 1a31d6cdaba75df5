// Package peeked has connections of which something was read ahead of time.
package peeked

import "net"

// A Conn gives back first what was read from it ahead of time. It is read by one
// goroutine.
type Conn struct {
	net.Conn
	Ahead []byte // what is to be given back
}

// Read reads what is ahead, then from the connection below.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.Ahead) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.Ahead)
	c.Ahead = c.Ahead[n:]
	return n, nil
}

// NetConn returns the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }
