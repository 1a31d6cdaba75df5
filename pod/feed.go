package pod

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A feed carries events to the observer, in order and off the loop, through a
// queue of limited length.
type feed struct {
	limit   int
	dropped atomic.Int64
	more    chan struct{} // holds a token while something waits, and is closed at the end
	done    chan struct{}

	mu    sync.Mutex
	queue []Event
	taken int // of queue
}

func newFeed(observe func(Event), containers int) *feed {
	f := &feed{limit: 1024 + 8*containers, more: make(chan struct{}, 1), done: make(chan struct{})}
	go f.deliver(observe)
	return f
}

// deliver carries events until the feed is closed. An observer that ends its
// goroutine, as a test's failure does, is given another.
func (f *feed) deliver(observe func(Event)) {
	ended := false
	defer func() {
		if ended {
			close(f.done)
			return
		}
		f.dropped.Add(1)
		go f.deliver(observe)
	}()
	for open := true; open; {
		for e, ok := f.take(); ok; e, ok = f.take() {
			f.observe(observe, e)
		}
		_, open = <-f.more
	}
	for e, ok := f.take(); ok; e, ok = f.take() {
		f.observe(observe, e)
	}
	ended = true
}

// observe keeps an observer that panics from ending the process.
func (f *feed) observe(observe func(Event), e Event) {
	defer func() {
		if v := recover(); v != nil {
			f.dropped.Add(1)
			slog.Error("pod: observer panicked", "event", e.String(), "panic", v)
		}
	}()
	observe(e)
}

func (f *feed) take() (Event, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.taken == len(f.queue) {
		f.queue, f.taken = f.queue[:0], 0
		return Event{}, false
	}
	e := f.queue[f.taken]
	f.queue[f.taken] = Event{}
	f.taken++
	return e, true
}

func (f *feed) send(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue)-f.taken >= f.limit {
		f.dropped.Add(1)
		return
	}
	if f.taken >= f.limit {
		f.queue, f.taken = append(f.queue[:0], f.queue[f.taken:]...), 0
	}
	f.queue = append(f.queue, e)
	select {
	case f.more <- struct{}{}:
	default:
	}
}

// close waits until the observer has seen all events, or for wait. What it has not
// seen by then is dropped, and the observer is left behind.
func (f *feed) close(wait time.Duration) (seen bool) {
	close(f.more)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-f.done:
		return true
	case <-t.C:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped.Add(int64(len(f.queue) - f.taken))
	f.queue, f.taken = nil, 0
	return false
}
