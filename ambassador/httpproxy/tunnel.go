package httpproxy

import (
	"io"
	"net"
	"time"
)

// join makes a connection of the two, after the head that says so.
func (c *client) join(x *exchange, a *answer) error {
	c.tunnel = true
	x.body.await()
	c.watch.end(c)
	c.Conn.SetReadDeadline(time.Time{})
	early := append([]byte(nil), c.ahead()...)
	c.release()
	return splicePair(x, a, c.Conn, early)
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
