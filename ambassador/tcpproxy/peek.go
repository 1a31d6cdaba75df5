package tcpproxy

import (
	"net"

	"github.com/podpatterns/podpatterns/internal/peeked"
)

// unpeek returns the connection below c and what was read from it ahead, so that
// the rest can still be read without a buffer in waiting, and be spliced.
func unpeek(c net.Conn) (net.Conn, []byte) {
	if p, ok := c.(*peeked.Conn); ok {
		return p.Conn, p.Ahead
	}
	return c, nil
}
