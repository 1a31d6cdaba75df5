package httpproxy

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// An upload is the body of a request. What has come with the head is in first; if
// that is not all, a goroutine of its own, the pump, sends the rest, so that
// upstream may answer before it has all of it.
type upload struct {
	x       *exchange
	first   []byte // decoded, to be sent with the head of each try
	whole   bool   // first is all
	src     source // of the rest
	end     fields // the trailer, once all is read
	lost    bool   // more was read than is kept
	isKept  bool   // first is a copy
	started bool

	after func() // called when all is read; may be nil

	read atomic.Bool // all is read of the client
	done atomic.Bool // and sent, or it can't be

	mu      sync.Mutex // not to be taken while a sink may block, but for the pump's own
	changed *sync.Cond
	to      sink  // nil: none, wait
	err     error // the client's
	over    bool  // everything is read
	stopped bool
	ended   chan struct{} // closed when the pump is done
	unblock func()        // has a read of src return
	written bool          // all was given to the current sink
}

// replayable tells whether a further try can be sent all of the body.
func (u *upload) replayable() bool {
	if u.whole {
		return true
	}
	if !u.started {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.lost && u.err == nil
}

// fresh makes u one of which nothing was read.
func (u *upload) fresh(x *exchange) { *u = upload{x: x} }

// sent tells whether the last try got the whole body.
func (u *upload) sent() bool {
	if u.whole || !u.started {
		return u.whole
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.written
}

// failure is why the client's body can't be had.
func (u *upload) failure() error {
	if !u.started {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// begin sends what there is to a new try, after its head, which is in f already.
func (u *upload) begin(f *frame) error {
	if u.whole {
		if len(u.first) > 0 {
			u.x.bytesIn = int64(len(u.first))
			f.add(u.first)
		}
		return f.end(u.end)
	}
	u.begun()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.first) > 0 {
		f.add(u.first)
	}
	u.written = false
	err := f.flush()
	if err == nil && u.over {
		err = f.end(u.end)
		u.written = err == nil
	}
	if err == nil {
		own := &frame{conn: f.conn, chunked: f.chunked} // the pump writes while f is used for the answer
		u.to = own
		u.changed.Broadcast()
	}
	return err
}

func (u *upload) begun() {
	if !u.started {
		u.changed = sync.NewCond(&u.mu)
		u.ended = make(chan struct{})
		u.started = true
		go u.pump()
	}
}

// attach is begin for a sink that is behind what is returned.
func (u *upload) attach(to sink) (first []byte) {
	u.begun()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.written = false; u.over {
		u.written = to.end(u.end) == nil
		return u.first
	}
	u.to = to
	u.changed.Broadcast()
	return u.first
}

// detach has the pump wait for another try.
func (u *upload) detach() {
	if u.started {
		u.mu.Lock()
		u.to = nil
		u.mu.Unlock()
	}
}

// pump sends the rest of the body to whoever is to have it.
func (u *upload) pump() {
	defer close(u.ended)
	for more := true; more; {
		p, err := u.src.next()
		last := err == nil && u.src.last()
		if last || err == io.EOF {
			u.read.Store(true)
		}
		more = u.pass(p, err, last)
	}
	if u.over && u.after != nil {
		u.after()
	}
}

// pass sends a piece on, and tells whether there is more to come.
func (u *upload) pass(p []byte, err error, last bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.to == nil && !u.stopped {
		u.changed.Wait()
	}
	if u.stopped {
		return false
	}
	if err == nil {
		u.x.bytesIn += int64(len(p))
		u.keepLocked(p)
		if u.to.write(p) != nil {
			u.to = nil // whoever reads the answer learns why
			if u.lost {
				return false
			}
		}
		if !last {
			return true
		}
		_, err = u.src.next()
	}
	u.finishLocked(err)
	return false
}

// finishLocked is for the end of the body: a proper one, or upstream must not take
// it for one.
func (u *upload) finishLocked(err error) {
	u.done.Store(true)
	if err == io.EOF {
		u.over, u.end = true, u.src.trailer()
		u.written = u.to != nil && u.to.end(u.end) == nil
		return
	}
	u.err = err
	u.x.drop(!isBad(err))
}

// nearly waits for the pump to send what it has read last.
func (u *upload) nearly() {
	t := time.NewTimer(nearlyFor)
	defer t.Stop()
	select {
	case <-u.ended:
	case <-t.C:
	}
}

const nearlyFor = 50 * time.Millisecond

func (u *upload) keepLocked(p []byte) {
	if u.x.tap {
		u.x.bodyChunk(p)
	}
	if u.lost {
		return
	}
	if int64(len(u.first)+len(p)) > u.x.keep {
		u.lost, u.first = true, nil
		return
	}
	if !u.isKept {
		u.first, u.isKept = append([]byte(nil), u.first...), true
	}
	u.first = append(u.first, p...)
}

func (u *upload) failed() bool { return u.done.Load() && u.failure() != nil }

// await waits for the pump to send all.
func (u *upload) await() {
	if u.started {
		<-u.ended
	}
}

// stop ends the pump. What it writes to must be closed if it has not sent all.
func (u *upload) stop() {
	if !u.started {
		return
	}
	if u.read.Load() && !u.done.Load() {
		u.nearly()
	}
	if !u.done.Load() {
		u.x.drop(false)
		u.unblock()
	}
	u.mu.Lock()
	u.stopped = true
	u.changed.Broadcast()
	u.mu.Unlock()
	<-u.ended
}
