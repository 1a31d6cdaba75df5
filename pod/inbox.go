package pod

import (
	"sync"
	"time"
)

// An inbox takes what happens to a run's loop without ever blocking who brings it.
type inbox struct {
	full   chan struct{} // holds a token while there is something
	closed chan struct{}

	mu     sync.Mutex
	waits  []func(now time.Time)
	isShut bool
}

func newInbox() *inbox {
	return &inbox{full: make(chan struct{}, 1), closed: make(chan struct{})}
}

// put says whether the loop will look at it.
func (b *inbox) put(happened func(now time.Time)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isShut {
		return false
	}
	b.waits = append(b.waits, happened)
	select {
	case b.full <- struct{}{}:
	default:
	}
	return true
}

func (b *inbox) take() []func(time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	waits := b.waits
	b.waits = nil
	return waits
}

func (b *inbox) shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.isShut = true
	close(b.closed)
}
