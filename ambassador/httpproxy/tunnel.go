package httpproxy

import (
	"io"
	"net"
	"time"
)

// join makes a connection of the two, after the head that says so.
func (c *client) join(x *exchange, a *answer) error {
	f := &x.frame
	b := appendStatus(f.out[:0], a.status, a.reason)
	b = appendFields(b, a.header)
	if a.upgrade != "" {
		b = append(b, "Connection: Upgrade\r\n"...)
		b = appendField(b, "Upgrade", a.upgrade)
	}
	b = append(b, "\r\n"...)
	c.tunnel = true
	c.watch.end(c)
	c.Conn.SetReadDeadline(time.Time{})
	b = append(b, a.conn.ahead()...)
	x.bytesOut = int64(len(a.conn.ahead()))
	early := append([]byte(nil), c.ahead()...)
	a.conn.release()
	c.release()
	if _, err := c.Conn.Write(b); err != nil {
		return err
	}
	f.out = f.out[:0]
	up, down := a.conn.Conn, c.Conn
	ended := make(chan error, 1)
	go func() { ended <- pour(up, down, early, &x.bytesIn) }()
	err := pour(down, up, nil, &x.bytesOut)
	if err != nil {
		resetConn(down)
		resetConn(up)
	}
	if other := <-ended; err == nil {
		err = other
	}
	if err != nil {
		resetConn(down)
		resetConn(up)
	}
	return nil // a tunnel ends as its sides end it
}

// pour copies one direction, and passes its end on.
func pour(dst, src net.Conn, early []byte, count *int64) error {
	if len(early) > 0 {
		if _, err := dst.Write(early); err != nil {
			return err
		}
		*count += int64(len(early))
	}
	n, err := io.Copy(dst, src)
	*count += n
	if err != nil {
		resetConn(dst)
		return err
	}
	if w, ok := dst.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
		return nil
	}
	return dst.Close()
}
