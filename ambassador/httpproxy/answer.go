package httpproxy

import (
	"errors"
	"fmt"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// An answer is the head of upstream's, and where the rest comes from.
type answer struct {
	head          // of which only status, reason and fields are for others
	header fields // end-to-end ones
	how    framing
	length int64 // -1: none was said
	src    source

	lease   *upstream.Lease
	conn    *upConn // of HTTP/1
	keep    bool    // conn may be used again
	upgrade string  // what a 101 switches to
	cancel  func()  // of HTTP/2
}

// close gives back what a holds. A connection is kept if both messages were whole.
func (a *answer) close(x *exchange, whole bool) {
	if c := a.conn; c != nil {
		x.hold(nil)
		if whole && a.keep && x.body.sent() && c.r == c.w && x.out.over {
			x.proxy.pools.put(c, x.proxy.maxIdle(), x.proxy.upstreamIdle())
		} else {
			c.release()
			c.Close()
		}
		a.conn = nil
	}
	if a.cancel != nil {
		a.cancel()
		a.cancel = nil
	}
	if a.lease != nil {
		a.lease.Done()
		a.lease = nil
	}
}

// An abort is upstream's failure in the middle of an answer.
type abort struct{ err error }

func (e abort) Error() string { return fmt.Sprintf("upstream broke off its answer: %v", e.err) }
func (e abort) Unwrap() error { return e.err }

func isAbort(err error) bool {
	_, ok := errors.AsType[abort](err)
	return ok
}
