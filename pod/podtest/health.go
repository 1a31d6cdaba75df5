package podtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/podpatterns/podpatterns/pod"
)

// A Health is what a test wants a container to say when it is asked how it does:
// with Handle as a probe's handler, with [FailReady] as a block's Ready. Its zero
// value is well, and it must not be copied.
type Health struct {
	mu  sync.Mutex
	err error
}

// Set makes it ill with err, or with nil well again.
func (h *Health) Set(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// Handle returns what it is ill with, nil if it is well.
func (h *Health) Handle(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// FailReady returns c with a Ready that fails as long as h is ill, and is the
// block's own otherwise. It panics where c has none: with one it would be gated as
// it never was.
func FailReady(c pod.Container, h *Health) pod.Container {
	own, ok := blockOf(c).(readier)
	if !ok {
		panic(fmt.Sprintf("podtest.FailReady: container %q has no Ready", c.Name))
	}
	return withReady(c, readyBy(func(ctx context.Context) error {
		if err := h.Handle(ctx); err != nil {
			return err
		}
		return own.Ready(ctx)
	}))
}
