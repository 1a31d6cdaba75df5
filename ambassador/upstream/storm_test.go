package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Everything at once, for each balancer: picks, results of all kinds, sets that
// change, checks that do, runs that end, and snapshots. In the end nothing is held.
func TestStorm(t *testing.T) {
	for name, balancer := range map[string]Balancer{
		"RoundRobin": RoundRobin{}, "LeastRequests": LeastRequests{}, "PeakEWMA": PeakEWMA{}, "Maglev": Maglev{Size: 251},
	} {
		t.Run(name, func(t *testing.T) {
			podtest.NoLeaks(t)
			storm(t, balancer)
		})
	}
}

func storm(t *testing.T, balancer Balancer) {
	h := newHand(numbered(10)...)
	c := &Cluster{
		Endpoints: h, Balancer: balancer, SlowStart: 10 * time.Millisecond, PanicThreshold: 0.3,
		MaxConns: 30, MaxConnsPerEndpoint: 8, MaxWait: 50 * time.Millisecond, DialTimeout: time.Second,
		Ejection: &Ejection{Base: time.Millisecond, Max: 5 * time.Millisecond, Consecutive: 3},
		Breaker:  &Breaker{Failures: 4, OpenFor: time.Millisecond, Trials: 2},
		Check: &Check{Interval: 2 * time.Millisecond, Rise: 1, Fall: 1, Checker: CheckerFunc(func(context.Context, net.Conn, Endpoint) error {
			if rand.IntN(3) == 0 {
				return errBroken
			}
			return nil
		})},
	}
	box := &sandbox.Sandbox{
		Logger: slog.New(slog.DiscardHandler),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			if rand.IntN(4) == 0 {
				return nil, errBroken
			}
			there, here := net.Pipe()
			here.Close()
			return there, nil
		},
	}
	ctx, stop := context.WithTimeout(box.Context(t.Context()), 300*time.Millisecond)
	defer stop()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				one, cancel := context.WithTimeout(ctx, time.Duration(10+rand.IntN(30))*time.Millisecond)
				if err := c.Run(one); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			set := numbered(20)
			rand.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
			set = set[:rand.IntN(12)]
			for i := range set {
				set[i].Weight, set[i].Priority = 1+rand.IntN(9), rand.IntN(2)
			}
			select {
			case h.sets <- set:
			case <-ctx.Done():
			}
			time.Sleep(time.Millisecond)
		}
	})
	all.Go(func() {
		for ctx.Err() == nil {
			for _, e := range c.Stats().Endpoints {
				if e.Active < 0 || e.Active > 8 || e.State == "" {
					t.Errorf("%+v", e)
				}
			}
			time.Sleep(time.Millisecond)
		}
	})
	for range 40 {
		all.Go(func() { user(t, ctx, c) })
	}
	all.Wait()
	s := c.Stats()
	require.Zero(t, s.Active)
	require.Zero(t, s.Waiting)
	for _, e := range s.Endpoints {
		require.Zero(t, e.Active)
		require.NotEqual(t, Draining, e.State)
	}
	for _, e := range c.members {
		require.Zero(t, e.health.breaker.out)
	}
	require.Empty(t, c.leaving)
}

// user uses c by Pick and by Dial.
func user(t *testing.T, ctx context.Context, c *Cluster) {
	for n := 0; ctx.Err() == nil; n++ {
		ctx := WithKey(ctx, fmt.Sprint(n))
		if n%2 == 0 {
			conn, err := c.Dial(ctx)
			if err == nil {
				conn.Close()
			}
			continue
		}
		l, err := c.Pick(ctx)
		if err != nil {
			if !errors.Is(err, ErrNoEndpoint) && !errors.Is(err, ErrLimit) {
				t.Error(err)
			}
			continue
		}
		for range rand.IntN(3) {
			l.Report(Result(rand.IntN(3)), time.Duration(rand.IntN(1000)))
		}
		l.Done()
	}
}

// However trials, late results and time are mixed, no more trials are out than
// may be, and a circuit is closed, open or waiting for its trials.
func TestCircuitInAnyOrder(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		b := &Breaker{Failures: 1 + random.IntN(4), OpenFor: time.Second, Trials: 1 + random.IntN(3)}
		var c circuit
		now := time.Unix(0, 0)
		var out []pass
		for range 300 {
			switch random.IntN(3) {
			case 0:
				now = now.Add(time.Duration(random.IntN(700)) * time.Millisecond)
			case 1:
				p, ok := c.admit(now, b.trials())
				require.Equal(t, ok && c.tripped, p.trial)
				require.False(t, ok && c.open(now))
				if ok {
					out = append(out, p)
				}
			case 2:
				if len(out) == 0 {
					continue
				}
				i := random.IntN(len(out))
				c.record(out[i], Result(random.IntN(3)), now, b)
				out = append(out[:i], out[i+1:]...)
			}
			require.True(t, c.out >= 0 && c.out <= b.Trials, "%+v", c)
			require.True(t, c.tripped || c.out == 0 && c.failures < b.Failures, "%+v", c)
		}
		for _, p := range out {
			c.record(p, Neutral, now, b)
		}
		require.Zero(t, c.out)
		_, ok := c.admit(now.Add(time.Hour), b.trials())
		require.True(t, ok, "%+v", c)
	}
}
