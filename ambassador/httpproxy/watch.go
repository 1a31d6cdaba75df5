package httpproxy

import (
	"errors"
	"os"
	"sync"
	"time"
)

// goneAfter keeps quick answers from the cost of looking whether the client is
// still there.
const goneAfter = 10 * time.Millisecond

// A watch finds out that a client has left while its request is answered. It reads
// ahead, because nothing else tells on every system and in TLS.
type watch struct {
	timer   *time.Timer
	mu      sync.Mutex
	on      bool
	stopped bool
	done    chan struct{}
}

// begin starts to watch in a little while.
func (w *watch) begin(c *client) {
	w.mu.Lock()
	w.on, w.stopped = true, false
	w.mu.Unlock()
	if w.timer == nil {
		w.timer = time.AfterFunc(goneAfter, func() { w.look(c) })
	} else {
		w.timer.Reset(goneAfter)
	}
}

// end stops it. After that c may be read again.
func (w *watch) end(c *client) {
	if w.timer == nil {
		return
	}
	w.timer.Stop() // says nothing of a look that it has called before, for the last request, and that comes late
	w.mu.Lock()
	w.on = false
	done := w.done
	w.stopped = true
	w.mu.Unlock()
	if done != nil {
		c.Conn.SetReadDeadline(longAgo)
		<-done
		w.mu.Lock()
		w.done = nil
		w.mu.Unlock()
		c.setReadDeadline(time.Time{})
	}
}

// look reads until something is there, or the client is not.
func (w *watch) look(c *client) {
	w.mu.Lock()
	if !w.on || w.done != nil {
		w.mu.Unlock()
		return
	}
	done := make(chan struct{})
	w.done = done
	w.mu.Unlock()
	defer close(done)
	for {
		err := c.append()
		switch {
		case err == nil:
			continue
		case err == errFull:
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			w.mu.Lock()
			stopped := w.stopped
			w.mu.Unlock()
			if stopped {
				return
			}
			c.Conn.SetReadDeadline(time.Time{})
			w.mu.Lock()
			stopped = w.stopped
			w.mu.Unlock()
			if stopped {
				return
			}
		default:
			c.leave()
			return
		}
	}
}
