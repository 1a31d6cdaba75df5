package podtest

import (
	"slices"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// A history is what has happened to a pod so far.
type history struct {
	began time.Time

	mu      sync.Mutex
	events  []pod.Event
	changed chan struct{} // closed and replaced with each event
}

func (h *history) begin() {
	h.began, h.changed = time.Now(), make(chan struct{})
}

func (h *history) add(e pod.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	close(h.changed)
	h.changed = make(chan struct{})
}

// since returns the events from the nth on, and what is closed at the next one.
func (h *history) since(n int) ([]pod.Event, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clip(h.events[n:]), h.changed // they are only ever added to
}
