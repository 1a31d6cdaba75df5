package web

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// ringSize is how many events a Stream keeps.
const ringSize = 512

// A ring keeps the last ringSize of what was published. Readers have a place in
// it and no queue of their own, so what is kept does not depend on their number,
// nor on how slow they are.
type ring[T any] struct {
	mu    sync.Mutex
	epoch string        // tells this ring's numbers from those of another process
	kept  []T           // event n is kept[n%ringSize]
	next  uint64        // number of the next event
	more  chan struct{} // closed when that is there; nil if nobody waits for it
}

func (r *ring[T]) add(v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < ringSize {
		r.kept = append(r.kept, v)
	} else {
		r.kept[r.next%ringSize] = v
	}
	r.next++
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

func (r *ring[T]) published() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// A place is where a reader is: the number of its next event, and how many it has
// missed because they are not kept any more.
type place struct {
	next uint64
	lost uint64
}

// after returns up to limit events from a place, and the place after them. Where
// there are none, more is closed when there are.
func (r *ring[T]) after(at place, limit int) (events []T, then place, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.next - uint64(len(r.kept)); at.next < oldest {
		at.lost += oldest - at.next
		at.next = oldest
	}
	for ; at.next < r.next && len(events) < limit; at.next++ {
		events = append(events, r.kept[at.next%ringSize])
	}
	if len(events) == 0 {
		if r.more == nil {
			r.more = make(chan struct{})
		}
		more = r.more
	}
	return events, at, more
}

// prefix begins the ids of this ring's events; their number follows.
func (r *ring[T]) prefix() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch == "" {
		r.epoch = strconv.FormatInt(time.Now().UnixNano(), 36) + "-"
	}
	return r.epoch
}

// resume is the place after the event of that id. known is false where no event
// of this ring had it; the place is the oldest event that is kept then.
func (r *ring[T]) resume(id string) (at place, known bool) {
	number, ok := strings.CutPrefix(id, r.prefix())
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		n, err := strconv.ParseUint(number, 10, 64)
		if err == nil && n < r.next {
			return place{next: n + 1}, true
		}
	}
	return place{next: r.next - uint64(len(r.kept))}, false
}
