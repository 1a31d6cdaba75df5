// Package gate holds what every building block needs of the lifecycle contract:
// one run at a time on a value, and the readiness of the current run.
package gate

import (
	"context"
	"errors"
	"sync"
)

// ErrRunning is what [Gate.Enter] returns while a run is in.
var ErrRunning = errors.New("already running: a block's value serves one run at a time")

// A Gate lets one run in at a time and tells whether that run is ready. Its zero
// value is ready to use, and it must not be copied.
type Gate struct {
	mu      sync.Mutex
	running bool
	open    bool
	changed chan struct{} // closed and replaced when open turns true
}

// Enter begins a run, or returns [ErrRunning]. The caller must call leave when
// the run has ended; with it the run is no longer ready.
func (g *Gate) Enter() (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running {
		return nil, ErrRunning
	}
	g.running = true
	return g.leave, nil
}

func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running, g.open = false, false
}

// Open says that the current run is ready.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.running || g.open {
		return
	}
	g.open = true
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// Ready blocks until the current run, or the next one where none is in, is
// ready, or until ctx ends, whose cause it then returns.
func (g *Gate) Ready(ctx context.Context) error {
	g.mu.Lock()
	if g.open {
		g.mu.Unlock()
		return nil
	}
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.mu.Unlock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
