package httpproxy

import (
	"context"
	"time"
)

// In a drain each connection has its last answer say that it is the last. One that
// is between two requests is kept for a moment, because a busy client is about to
// send the next one, and its request would be lost.

// maxFirstWait is how long a connection that has not sent anything yet may take to.
const maxFirstWait = 5 * time.Second

// drain waits for the connections, and ends those that are left when the grace
// period does.
func (r *run) drain(grace context.Context) {
	r.drained.Store(time.Now().UnixNano())
	r.draining.Store(true)
	for _, c := range r.open() {
		c.mu.Lock()
		if p := c.phase.Load(); p == fresh || p == idle {
			c.Conn.SetReadDeadline(c.drainEnd(p == fresh))
		}
		c.mu.Unlock()
	}
	done := make(chan struct{})
	go r.await(grace, done)
	select {
	case <-done:
		return
	case <-grace.Done():
	}
	r.proxy.cutting.Store(true) // first, so that no request that is cut takes it for its client's doing
	left := r.open()
	r.proxy.stats.cut.Add(int64(len(left)))
	r.cut()
	for _, c := range left {
		c.cut()
	}
	r.h2.cut()
	<-done
}

func (r *run) await(grace context.Context, done chan<- struct{}) {
	r.greeting.Wait()
	r.h2.shutdown(grace)
	r.handlers.Wait()
	close(done)
}

// drainEnd is until when a drain waits for a request that has not begun.
func (c *client) drainEnd(first bool) time.Time {
	began := time.Unix(0, c.run.drained.Load())
	if first {
		return began.Add(min(maxFirstWait, c.run.period/2))
	}
	return began.Add(min(c.run.proxy.drainIdle(), c.run.period/2))
}

// mayStillSend is asked before each wait for a request, because drain may have
// looked before the deadline of that was set.
func (c *client) mayStillSend() bool {
	end := c.drainEnd(c.requests == 0)
	if !time.Now().Before(end) {
		return false
	}
	c.setReadDeadline(end)
	return true
}

// cut ends c whatever it is doing.
func (c *client) cut() {
	c.leave()
	resetConn(c.Conn)
}
