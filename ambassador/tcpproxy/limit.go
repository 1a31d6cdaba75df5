package tcpproxy

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// A crowd counts the open connections of each client address.
type crowd struct {
	mu sync.Mutex
	of map[netip.Addr]int
}

// enter counts one more of addr, unless there are max of it.
func (c *crowd) enter(addr netip.Addr, max int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[addr] >= max {
		return false
	}
	if c.of == nil {
		c.of = map[netip.Addr]int{}
	}
	c.of[addr]++
	return true
}

func (c *crowd) leave(addr netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[addr]--; c.of[addr] == 0 {
		delete(c.of, addr)
	}
}

// pace waits until Rate lets one more connection in. It returns false once ctx
// is done.
func (r *run) pace(ctx context.Context) bool {
	limit := r.proxy.Rate
	if limit == nil || limit.Allow() {
		return true
	}
	r.proxy.stats.throttled.Add(1)
	for limit.Wait(ctx) != nil { // ctx ends before the time comes, or the burst was set to 0 meanwhile
		select {
		case <-ctx.Done():
			return false
		case <-time.After(paceAgain):
		}
	}
	return true
}

const paceAgain = 100 * time.Millisecond
