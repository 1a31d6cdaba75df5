package upstream

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStaticNeedsNoRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		w.backend("b:1")
		c := &Cluster{Endpoints: To("a:1", "b:1"), Balancer: RoundRobin{}}
		require.NoError(t, c.Ready(w.ctx))
		require.Equal(t, map[string]int{"a:1": 5, "b:1": 5}, w.visits(c, 10))
		s := c.Stats()
		require.EqualValues(t, 1, s.Updates)
		require.Equal(t, 0, s.Active)
		require.EqualValues(t, 5, s.Endpoints[0].Succeeded)
		require.Equal(t, Healthy, s.Endpoints[0].State)
	})
}

func TestNextEndpointAfterRefusal(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("c:1")
		c := &Cluster{Endpoints: To("a:1", "b:1", "c:1"), Balancer: RoundRobin{}}
		require.Equal(t, map[string]int{"c:1": 9}, w.visits(c, 9))
		require.NotZero(t, c.of("a:1").Failed)
		require.Zero(t, c.Stats().Active)

		two := &Cluster{Endpoints: To("a:1", "b:1", "c:1"), Balancer: RoundRobin{}, Tries: 2}
		_, err := two.Dial(w.ctx)
		require.ErrorContains(t, err, "upstream: a:1: dial tcp")
		require.ErrorContains(t, err, "; b:1: dial tcp")
		require.NotErrorIs(t, err, ErrNoEndpoint)
	})
}

func TestShareOfTheTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("z:1")
		w.net.Cut("hole-1:1")
		w.net.Cut("hole-2:1")
		for name, test := range map[string]struct {
			c    *Cluster
			want time.Duration
		}{
			"even":  {&Cluster{DialTimeout: 6 * time.Second}, 4 * time.Second},
			"short": {&Cluster{DialTimeout: 6 * time.Second, TryTimeout: 100 * time.Millisecond}, 200 * time.Millisecond},
			"long":  {&Cluster{DialTimeout: 6 * time.Second, TryTimeout: time.Minute}, 4 * time.Second},
		} {
			test.c.Endpoints, test.c.Balancer = To("hole-1:1", "hole-2:1", "z:1"), RoundRobin{}
			began := time.Now()
			require.Equal(t, "z:1", w.visit(test.c), name)
			require.Equal(t, test.want, time.Since(began), name)
			require.EqualValues(t, 1, test.c.of("hole-1:1").Failed, name)
		}
	})
}

// A client that leaves is no fault of the endpoint, a deadline is.
func TestWhoIsToBlame(t *testing.T) {
	inWorld(t, func(w *world) {
		w.net.Cut("hole:1")
		c := &Cluster{Endpoints: To("hole:1"), Ejection: &Ejection{Consecutive: 1}, Breaker: &Breaker{Failures: 1}}
		ctx, cancel := context.WithCancel(w.ctx)
		time.AfterFunc(time.Second, cancel)
		_, err := c.Dial(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.EqualValues(t, 1, c.of("hole:1").Neutral)
		require.Zero(t, c.of("hole:1").Failed)
		require.Equal(t, Healthy, c.of("hole:1").State)

		ctx, cancel = context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		_, err = c.Dial(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 1, c.of("hole:1").Failed)
		require.Equal(t, Open, c.of("hole:1").State)
		require.Zero(t, c.Stats().Active)
	})
}

// What is left after waiting for a limit may be too little for any endpoint.
func TestTooLittleTimeIsNoFault(t *testing.T) {
	inWorld(t, func(w *world) {
		w.net.Cut("hole:1")
		c := &Cluster{Endpoints: To("hole:1"), MaxConns: 1, MaxWait: time.Minute, DialTimeout: time.Second, Breaker: &Breaker{Failures: 1}}
		held, err := c.Pick(w.ctx)
		require.NoError(t, err)
		time.AfterFunc(900*time.Millisecond, held.Done)
		_, err = c.Dial(w.ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 2, c.of("hole:1").Picked)
		require.Equal(t, Healthy, c.of("hole:1").State)
		_, err = c.Dial(w.ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, Open, c.of("hole:1").State)
	})
}

func TestDialWaitsForTheFirstSet(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		source := SourceFunc(func(ctx context.Context, update func([]Endpoint, error)) error {
			time.Sleep(2 * time.Second)
			update(To("a:1"), nil)
			return nil
		})
		c := &Cluster{Endpoints: source, DialTimeout: 3 * time.Second}
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "and no Run is there to find out")
		ready := make(chan error)
		go func() { ready <- c.Ready(w.ctx) }()
		w.run(c)
		began := time.Now()
		require.Equal(t, "a:1", w.visit(c))
		require.Equal(t, 2*time.Second, time.Since(began))
		require.NoError(t, <-ready)

		ctx, cancel := context.WithTimeoutCause(w.ctx, time.Second, errBroken)
		defer cancel()
		never := &Cluster{Endpoints: source}
		require.ErrorIs(t, never.Ready(ctx), errBroken)
	})
}

// Endpoints that leave drain, and those that stay, or come back in time, keep
// what they have counted.
func TestUpdates(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		w.backend("b:1")
		w.backend("c:1")
		h := newHand(To("a:1", "b:1")...)
		c := &Cluster{Endpoints: h, Balancer: RoundRobin{}}
		w.run(c)
		require.NoError(t, c.Ready(w.ctx))
		leases := map[string]*Lease{}
		for range 2 {
			l, err := c.Pick(w.ctx)
			require.NoError(t, err)
			leases[l.Endpoint().Address] = l
		}
		h.sets <- []Endpoint{{Address: "b:1", Weight: 3}, {Address: "c:1"}}
		<-leases["a:1"].Gone()
		settle(time.Second)
		select {
		case <-leases["b:1"].Gone():
			t.Fatal("b has stayed")
		default:
		}
		require.Equal(t, map[string]int{"b:1": 6, "c:1": 2}, w.visits(c, 8))
		s := c.Stats()
		require.Len(t, s.Endpoints, 3)
		require.Equal(t, "a:1", s.Endpoints[2].Address)
		require.Equal(t, Draining, s.Endpoints[2].State)
		require.EqualValues(t, 7, c.of("b:1").Picked)
		require.Equal(t, 3, c.of("b:1").Weight)

		h.sets <- To("a:1")
		settle(time.Second)
		require.EqualValues(t, 1, c.of("a:1").Picked, "it came back while it had a lease")
		require.Equal(t, Healthy, c.of("a:1").State)
		<-leases["b:1"].Gone()
		leases["b:1"].Done()
		leases["b:1"].Done()
		require.Len(t, c.Stats().Endpoints, 1)
		leases["a:1"].Done()
		require.Zero(t, c.Stats().Active)

		h.sets <- nil
		settle(time.Second)
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "the set is empty")
		require.Empty(t, c.Stats().Endpoints)
	})
}

func TestBadSetsAndBrokenSources(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		calls := 0
		c := &Cluster{Endpoints: SourceFunc(func(ctx context.Context, update func([]Endpoint, error)) error {
			calls++
			switch calls {
			case 1:
				update(To("a:1"), nil)
				update([]Endpoint{{Address: "a"}, {Address: "b:1", Weight: -1}, {Address: "b:1", Priority: -2}}, nil)
				update(nil, errBroken)
				update(nil, errBroken)
				return errBroken
			case 2:
				panic("at the disco")
			case 3:
				return errors.New("again")
			}
			return nil
		})}
		w.run(c)
		settle(time.Minute)
		require.Equal(t, 4, calls)
		require.Equal(t, "a:1", w.visit(c))
		require.EqualValues(t, 6, c.Stats().DiscoveryErrors)
		require.Equal(t, 4, w.records("cannot be discovered"), "%s", w.log.String())
		for _, want := range []string{
			`endpoint 1: address \"a\" is not host:port`, "endpoint 2: weight -1 is not from 0", "endpoint 3: priority -2 is negative",
			`endpoint 3: address \"b:1\" is that of endpoint 2 too`, "discovery panicked: at the disco", "err=broken", "err=again",
		} {
			require.Equal(t, 1, w.records(want), "%s in %s", want, w.log.String())
		}
	})
}

// Who waits in vain is told what discovery has failed with, and a source that works
// again is heard of, even if it says the same.
func TestWhatDiscoveryFailedWith(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &Cluster{Endpoints: SourceFunc(func(ctx context.Context, update func([]Endpoint, error)) error {
			update(nil, errBroken)
			time.Sleep(10 * time.Second)
			update(To("a:1"), nil)
			update(nil, errBroken)
			update(To("a:1"), nil)
			return nil
		})}
		w.run(c)
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "none is known yet: broken: ")
		settle(10 * time.Second)
		require.Equal(t, 1, w.records("endpoints can be discovered again"), "%s", w.log.String())
		require.EqualValues(t, 1, c.Stats().Updates)
	})
}

// One Run leads, and the next one takes over.
func TestRunsShareALife(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		running := 0
		c := &Cluster{Endpoints: SourceFunc(func(ctx context.Context, update func([]Endpoint, error)) error {
			running++
			update(To("a:1"), nil)
			<-ctx.Done()
			running--
			return ctx.Err()
		}), Check: &Check{}}
		first := w.run(c)
		settle(time.Second)
		second := w.run(c)
		settle(time.Second)
		require.Equal(t, 1, running)
		require.NoError(t, c.Ready(w.ctx))
		first()
		settle(time.Second)
		require.Equal(t, 1, running)
		require.EqualValues(t, 1, c.Stats().Updates, "nothing has changed")
		before := c.of("a:1").ChecksOK
		settle(time.Minute)
		require.Greater(t, c.of("a:1").ChecksOK, before)
		second()
		require.Zero(t, running)
		require.Equal(t, "a:1", w.visit(c), "what was known is known")
		w.run(c)()
	})
}

func TestPriorities(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.backend("a:1")
		w.backend("b:1")
		w.backend("c:1")
		c := &Cluster{
			Endpoints: Static{{Address: "a:1"}, {Address: "b:1", Priority: 1}, {Address: "c:1", Priority: 7}},
			Check:     &Check{Interval: time.Second, Rise: 1, Fall: 1},
		}
		w.run(c)
		settle(time.Second)
		require.Equal(t, map[string]int{"a:1": 9}, w.visits(c, 9))
		a.down()
		require.Equal(t, "b:1", w.visit(c), "also before it is found out")
		settle(2 * time.Second)
		failed := c.of("a:1").Failed
		require.Equal(t, map[string]int{"b:1": 9}, w.visits(c, 9))
		require.Equal(t, failed, c.of("a:1").Failed)
		a.up()
		settle(2 * time.Second)
		require.Equal(t, map[string]int{"a:1": 9}, w.visits(c, 9))
	})
}

// tallying is a Balancer that counts how often it is asked for a picker.
type tallying struct {
	LeastRequests
	asked *atomic.Int64
}

func (b tallying) picker(c *Cluster, all []candidate) picker {
	b.asked.Add(1)
	return b.LeastRequests.picker(c, all)
}

// Changes that come at once, as from the first checks of all endpoints, do not each
// make the table anew.
func TestChangesAtOnce(t *testing.T) {
	var asked atomic.Int64
	c := &Cluster{Endpoints: To("a:1"), Balancer: tallying{asked: &asked}}
	require.NoError(t, c.begin())
	before := asked.Load()
	c.mu.Lock()
	var all sync.WaitGroup
	for range 100 {
		all.Go(c.refresh)
	}
	time.Sleep(50 * time.Millisecond) // those that are later are none of these
	c.mu.Unlock()
	all.Wait()
	require.Less(t, asked.Load()-before, int64(50))
	require.False(t, c.stale.Load())
}
