package upstream

import "net"

// A conn is a connection that holds a lease.
type conn struct {
	net.Conn
	lease *Lease
}

// Close ends the lease with the connection.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.lease.Done()
	return err
}

// Lease returns what the connection holds, to report on it, or to learn that its
// endpoint is gone. It is Done with Close.
func (c *conn) Lease() *Lease { return c.lease }

// NetConn returns what is directly below.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Raw returns the connection of package net whose bytes are those of c.
func (c *conn) Raw() net.Conn {
	switch below := c.Conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		return below
	case interface{ Raw() net.Conn }:
		return below.Raw()
	}
	return nil
}

type (
	writeCloser interface{ CloseWrite() error }
	lingerer    interface{ SetLinger(seconds int) error }
)

// newConn keeps what a caller looks for: a method that is there always, but does
// not work on this connection, would be taken for one that does.
func newConn(below net.Conn, l *Lease) net.Conn {
	c := &conn{below, l}
	w, canClose := below.(writeCloser)
	s, canLinger := below.(lingerer)
	switch {
	case canClose && canLinger:
		return &struct {
			*conn
			writeCloser
			lingerer
		}{c, w, s}
	case canClose:
		return &struct {
			*conn
			writeCloser
		}{c, w}
	case canLinger:
		return &struct {
			*conn
			lingerer
		}{c, s}
	}
	return c
}
