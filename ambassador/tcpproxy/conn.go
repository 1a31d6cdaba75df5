package tcpproxy

import "net"

type writeCloser interface{ CloseWrite() error }

func canCloseWrite(c net.Conn) bool {
	_, ok := c.(writeCloser)
	return ok
}

// closeWrite passes an end of file on. It returns false where c cannot.
func closeWrite(c net.Conn) (can bool, err error) {
	w, ok := c.(writeCloser)
	if !ok {
		return false, nil
	}
	return true, w.CloseWrite()
}

// isPlain tells of a connection whose end is no bytes, as that of TLS is.
func isPlain(c net.Conn) bool {
	switch raw(c).(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

func closeConn(c net.Conn) { c.Close() }

// reset closes c so that its peer is told of a failure, where its kind can tell
// (RFC 9293, 3.10.7.4): a unix socket cannot. TLS is closed from below, without
// the alert that would make of it a proper end.
func reset(c net.Conn) {
	inner, whole := c, true
	for {
		if l, ok := inner.(lingerer); ok {
			l.SetLinger(0)
			break
		}
		u, ok := inner.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		inner, whole = u.NetConn(), false
	}
	inner.Close()
	if !whole {
		c.Close()
	}
}

type lingerer interface{ SetLinger(seconds int) error }

// raw returns the connection whose bytes are those of c, and which is one of
// package net if there is such a one: only those are read without a buffer in
// waiting, and spliced.
func raw(c net.Conn) net.Conn {
	for {
		r, ok := c.(interface{ Raw() net.Conn })
		if !ok {
			return c
		}
		inner := r.Raw()
		if inner == nil {
			return c
		}
		c = inner
	}
}

// socket returns the lowest connection below c, whatever its bytes are.
func socket(c net.Conn) net.Conn {
	for {
		c = raw(c)
		u, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = u.NetConn()
	}
}
