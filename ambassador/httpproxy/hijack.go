package httpproxy

import (
	"errors"
	"net"
)

// join makes a connection of a server of net/http and one of upstream one.
func (d *writer) join(x *exchange, a *answer) error {
	x.body.await()
	conn, rw, err := d.control.Hijack()
	if err != nil {
		d.broken = true
		return errors.Join(errNoTunnel, err)
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	defer conn.Close()
	return splicePair(x, a, conn, early)
}

var errNoTunnel = errors.New("the server cannot switch protocols")

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
