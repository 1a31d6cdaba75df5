//go:build linux

package contest

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Each runs f in n goroutines at once, which is told when d is over.
func Each(n int, d time.Duration, f func(over func() bool) error) error {
	var done atomic.Bool
	t := time.AfterFunc(d, func() { done.Store(true) })
	defer t.Stop()
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failed[i] = f(done.Load) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// Asking is a Load of n connections on each of which the same is asked again and
// again. unit is how much of what figures are for an answer is, as 1 of a request.
// Its p50 and p99 are in microseconds.
func Asking(n int, unit float64, open func(addr string) (c net.Conn, ask func() error, err error)) Load {
	return func(addr string, d time.Duration) (map[string]float64, error) {
		var mu sync.Mutex
		var took []time.Duration
		began := time.Now()
		err := Each(n, d, func(over func() bool) error {
			c, ask, err := open(addr)
			if err != nil {
				return err
			}
			defer c.Close()
			mine := make([]time.Duration, 0, 1<<14)
			for len(mine) == 0 || !over() {
				sent := time.Now()
				if err := ask(); err != nil {
					return err
				}
				mine = append(mine, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		elapsed := time.Since(began).Seconds()
		slices.Sort(took)
		at := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) / 1e3 }
		count := float64(len(took)) * unit
		return map[string]float64{"n": count, "rate": count / elapsed, "p50": at(.5), "p99": at(.99)}, nil
	}
}
