package httpproxy

import (
	"errors"
	"os"
	"time"
)

// An idle connection that cannot be looked at without reading is read by a
// goroutine of its own meanwhile.

func (c *upConn) rest() {
	if c.probe.able() {
		return
	}
	c.resting = make(chan error, 1)
	go c.listen(c.resting)
}

var errUnasked = errors.New("bytes that nobody asked for")

func (c *upConn) listen(told chan<- error) {
	var b [1]byte
	_, err := c.Conn.Read(b[:])
	if err == nil {
		err = errUnasked
	}
	told <- err
}

// wake tells whether an idle connection can be used.
func (c *upConn) wake() bool {
	if c.resting == nil {
		return c.probe.usable()
	}
	c.SetReadDeadline(longAgo)
	err := <-c.resting
	c.resting = nil
	c.SetReadDeadline(time.Time{})
	return errors.Is(err, os.ErrDeadlineExceeded)
}
