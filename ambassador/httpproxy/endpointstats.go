package httpproxy

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Endpoints are a map that is replaced when one is added, so that a look-up takes
// neither a lock nor memory.
type endpoints struct {
	all atomic.Pointer[map[string]*endpointCounters]
	mu  sync.Mutex // held to replace it
}

// endpointsMost is how many are remembered. A Cluster has at most 10,000 at a time,
// and others over time.
const endpointsMost = 1024

type endpointCounters struct {
	used             atomic.Int64 // when it was, in Unix seconds
	requests, failed atomic.Int64
	latency          histogram
}

func (e *endpoints) of(address string) *endpointCounters {
	if all := e.all.Load(); all != nil {
		if c := (*all)[address]; c != nil {
			return c
		}
	}
	return e.add(address)
}

func (e *endpoints) add(address string) *endpointCounters {
	e.mu.Lock()
	defer e.mu.Unlock()
	more := map[string]*endpointCounters{}
	if all := e.all.Load(); all != nil {
		if c := (*all)[address]; c != nil {
			return c
		}
		maps.Copy(more, *all)
	}
	if len(more) >= endpointsMost {
		forget(more)
	}
	c := &endpointCounters{}
	more[strings.Clone(address)] = c
	e.all.Store(&more)
	return c
}

// forget drops the half that was not used for longest, at once, so that it is not
// for each new one.
func forget(all map[string]*endpointCounters) {
	by := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return int(all[a].used.Load() - all[b].used.Load()) })
	for _, address := range by[:len(by)/2] {
		delete(all, address)
	}
}

func (c *endpointCounters) count(x *exchange) {
	c.requests.Add(1)
	if x.err != nil || x.status >= 500 {
		c.failed.Add(1)
	}
	if x.took > 0 {
		c.latency.observe(x.took)
	}
	if now := x.began.Unix(); c.used.Load() != now {
		c.used.Store(now)
	}
}

func (e *endpoints) snapshot() (s []EndpointLatency) {
	all := e.all.Load()
	if all == nil {
		return nil
	}
	for _, address := range slices.Sorted(maps.Keys(*all)) {
		c := (*all)[address]
		s = append(s, EndpointLatency{
			Address: address, Requests: c.requests.Load(), Failed: c.failed.Load(), Latency: c.latency.snapshot(),
		})
	}
	return s
}
