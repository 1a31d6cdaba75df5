package httpproxy

import (
	"errors"
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
