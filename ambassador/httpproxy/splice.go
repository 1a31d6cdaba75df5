package httpproxy

import (
	"io"
	"net"
)

// spliceFrom is how much must be left of a body to be moved inside the kernel.
const spliceFrom = 128 << 10

// splice moves what is left of a bulky answer, if it can. What was read of it has
// been sent.
func (c *client) splice(x *exchange, a *answer) (n int64, ok bool, err error) {
	b := &x.out
	if a.how != byLength || a.src != source(b) || b.left < spliceFrom || b.r != b.w {
		return 0, false, nil
	}
	to, ok1 := c.Conn.(*net.TCPConn)
	from, ok2 := b.wire.Conn.(*net.TCPConn)
	if !ok1 || !ok2 {
		return 0, false, nil
	}
	n, err = io.Copy(to, io.LimitReader(from, b.left))
	b.left -= n
	b.over = b.left == 0
	if err == nil && !b.over {
		err = abort{io.ErrUnexpectedEOF}
	}
	return n, true, err
}
