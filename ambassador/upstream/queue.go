package upstream

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A queue is who waits for a limit, the first one first.
type queue struct {
	waiting atomic.Int64
	mu      sync.Mutex
	list    list.List // of chan struct{}, which tell the first one to try
}

// signal has the first one try.
func (q *queue) signal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.signalLocked()
}

func (q *queue) signalLocked() {
	if first := q.list.Front(); first != nil {
		select {
		case first.Value.(chan struct{}) <- struct{}{}:
		default:
		}
	}
}

func (q *queue) join() (*list.Element, <-chan struct{}) {
	turn := make(chan struct{}, 1)
	q.mu.Lock()
	defer q.mu.Unlock()
	at := q.list.PushBack(turn)
	q.waiting.Add(1)
	if q.list.Front() == at {
		q.signalLocked() // what became free before could not be told
	}
	return at, turn
}

func (q *queue) quit(at *list.Element) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list.Remove(at)
	q.waiting.Add(-1)
	q.signalLocked() // there may be room for one more
}

// wait picks when there is room, in turn.
func (c *Cluster) wait(ctx context.Context, tried []*endpoint) (*Lease, error) {
	at, turn := c.queue.join()
	defer c.queue.quit(at)
	timer := time.NewTimer(c.MaxWait)
	defer timer.Stop()
	last := errAllLimit
	for {
		due, stop := c.nextChange()
		select {
		case <-turn:
		case <-due:
		case <-timer.C:
			stop()
			c.counts.limited.Add(1)
			return nil, last
		case <-ctx.Done():
			stop()
			c.counts.limited.Add(1)
			return nil, fmt.Errorf("%w: %w", last, context.Cause(ctx))
		}
		stop()
		l, err := c.tryPick(ctx, tried)
		if err != errAllLimit && err != errEndpointLimit {
			return l, err
		}
		last = err
	}
}
