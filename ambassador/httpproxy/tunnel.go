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

// splicePair joins a client's connection and that of the answer which says so.
func splicePair(x *exchange, a *answer, client net.Conn, early []byte) error {
	b := appendStatus(x.frame.out[:0], a.status, a.reason)
	b = appendFields(b, a.header)
	if a.upgrade != "" {
		b = append(b, "Connection: Upgrade\r\n"...)
		b = appendField(b, "Upgrade", a.upgrade)
	}
	b = append(b, "\r\n"...)
	b = append(b, a.conn.ahead()...)
	x.bytesOut = int64(len(a.conn.ahead()))
	early = append([]byte(nil), early...)
	a.conn.release()
	if _, err := client.Write(b); err != nil {
		return err
	}
	x.frame.out = b[:0]
	up := a.conn.Conn
	ended := make(chan error, 1)
	go func() { ended <- pour(up, client, early, &x.bytesIn) }()
	err := pour(client, up, nil, &x.bytesOut)
	if err != nil {
		resetConn(client)
		resetConn(up)
	}
	if other := <-ended; other != nil && err == nil {
		resetConn(client)
		resetConn(up)
	}
	return nil // a tunnel ends as its sides end it
}
