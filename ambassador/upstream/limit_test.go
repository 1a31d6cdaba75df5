package upstream

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		w.backend("b:1")
		c := &Cluster{Endpoints: To("a:1", "b:1"), MaxConns: 3, MaxConnsPerEndpoint: 2}
		first, who := w.open(c)
		for range 2 {
			w.open(c)
		}
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, ErrLimit)
		require.EqualError(t, err, "upstream: limit of connections reached: MaxConns")
		require.NoError(t, first.Close())
		first.Close()
		require.Equal(t, 2, c.Stats().Active)
		require.NotEmpty(t, who)
		_, err = c.Dial(w.ctx)
		require.NoError(t, err)
		s := c.Stats()
		require.EqualValues(t, 1, s.Limited)
		require.Zero(t, s.NoEndpoint)
		require.LessOrEqual(t, max(s.Endpoints[0].Active, s.Endpoints[1].Active), 2)

		each := &Cluster{Endpoints: To("a:1", "b:1"), MaxConnsPerEndpoint: 2, Breaker: &Breaker{Failures: 1}}
		for range 4 {
			w.open(each)
		}
		_, err = each.Dial(w.ctx)
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, "MaxConnsPerEndpoint")
		require.Equal(t, Healthy, each.of("a:1").State, "a limit of this side is no failure of an endpoint")
		require.Zero(t, each.of("a:1").Failed)
	})
}

func TestPickAnother(t *testing.T) {
	for name, b := range map[string]Balancer{"RoundRobin": RoundRobin{}, "LeastRequests": nil, "PeakEWMA": PeakEWMA{}, "Maglev": Maglev{}} {
		c := &Cluster{Endpoints: numbered(3), Balancer: b}
		ctx := WithKey(t.Context(), "user-1")
		var tried []*Lease
		seen := map[string]bool{}
		for range 3 {
			l, err := c.Pick(ctx, tried...)
			require.NoError(t, err)
			tried = append(tried, l)
			seen[l.Endpoint().Address] = true
		}
		require.Len(t, seen, 3, name)
		_, err := c.Pick(ctx, tried...)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "but the 3 tried")
		for _, l := range tried {
			l.Done()
		}
		require.Zero(t, c.Stats().Active)
	}
}

// Who waits is served in the order they came, as soon as there is room.
func TestWaiting(t *testing.T) {
	inWorld(t, func(w *world) {
		for name, c := range map[string]*Cluster{
			"all":  {MaxConns: 2},
			"each": {MaxConnsPerEndpoint: 1},
		} {
			c.Endpoints, c.MaxWait = To("a:1", "b:1"), time.Minute
			held := make(chan *Lease, 2)
			for range 2 {
				l, err := c.Pick(w.ctx)
				require.NoError(t, err)
				held <- l
			}
			var order []int
			var mu sync.Mutex
			var all sync.WaitGroup
			for i := range 10 {
				all.Go(func() {
					l, err := c.Pick(w.ctx)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					held <- l
				})
				synctest.Wait()
			}
			require.Equal(t, 10, c.Stats().Waiting, name)
			for range 12 {
				(<-held).Done()
				synctest.Wait()
			}
			all.Wait()
			require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order, name)
			require.Zero(t, c.Stats().Active)
			require.Zero(t, c.Stats().Waiting)
		}
	})
}

func TestWaitingEnds(t *testing.T) {
	inWorld(t, func(w *world) {
		h := newHand(To("a:1")...)
		c := &Cluster{Endpoints: h, MaxConnsPerEndpoint: 1, MaxWait: 10 * time.Second}
		w.run(c)
		first, err := c.Pick(w.ctx)
		require.NoError(t, err)
		began := time.Now()
		_, err = c.Pick(w.ctx)
		require.ErrorIs(t, err, ErrLimit)
		require.Equal(t, 10*time.Second, time.Since(began))
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		_, err = c.Pick(ctx)
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		// A new endpoint is room as well.
		time.AfterFunc(3*time.Second, func() { h.sets <- To("a:1", "b:1") })
		began = time.Now()
		second, err := c.Pick(w.ctx)
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, time.Since(began))
		first.Done()
		second.Done()
		require.Zero(t, c.Stats().Active)
		require.EqualValues(t, 2, c.Stats().Limited)
	})
}

func TestLimitsHoldUnderLoad(t *testing.T) {
	c := &Cluster{Endpoints: numbered(3), MaxConns: 7, MaxConnsPerEndpoint: 3, MaxWait: time.Minute, Breaker: &Breaker{}, Ejection: &Ejection{}}
	var now, most atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 300 {
				l, err := c.Pick(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				l.Report(Succeeded, time.Millisecond)
				now.Add(-1)
				l.Done()
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, most.Load(), int64(7))
	s := c.Stats()
	require.Zero(t, s.Active)
	require.Zero(t, s.Waiting)
	picked := int64(0)
	for _, e := range s.Endpoints {
		require.Zero(t, e.Active)
		picked += e.Picked
	}
	require.EqualValues(t, 6000, picked)
}
