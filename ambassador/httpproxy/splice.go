package httpproxy

import (
	"io"

	"github.com/podpatterns/podpatterns/internal/sockets"
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
	from := b.wire.Conn
	if !sockets.CanSplice(c.Conn, from) {
		return 0, false, nil
	}
	n, err = io.Copy(c.Conn, io.LimitReader(from, b.left))
	b.left -= n
	b.over = b.left == 0
	switch {
	case err == nil && !b.over:
		err = abort{io.ErrUnexpectedEOF}
	case err != nil && sockets.SourceBroke(c.Conn, from, err):
		err = abort{err}
	}
	return n, true, err
}
