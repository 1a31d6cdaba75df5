package upstream

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChecksRiseAndFall(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.backend("a:1")
		w.backend("b:1")
		c := &Cluster{Endpoints: To("a:1", "b:1"), Check: &Check{Interval: 10 * time.Second, Rise: 3, Fall: 2}}
		require.Equal(t, Unchecked, c.of("a:1").State)
		w.run(c)
		require.NoError(t, c.Ready(w.ctx))
		settle(time.Second)
		require.Equal(t, Healthy, c.of("a:1").State, "the first one counts at once")
		a.down()
		settle(12 * time.Second)
		require.Equal(t, Healthy, c.of("a:1").State)
		settle(11 * time.Second)
		require.Equal(t, Unhealthy, c.of("a:1").State)
		require.Equal(t, map[string]int{"b:1": 20}, w.visits(c, 20))
		a.up()
		settle(22 * time.Second)
		require.Equal(t, Unhealthy, c.of("a:1").State)
		settle(12 * time.Second)
		require.Equal(t, Healthy, c.of("a:1").State)
		require.Equal(t, 1, w.records("fails its check"), "%s", w.log.String())
		require.Equal(t, 1, w.records("endpoint has changed"), "%s", w.log.String())
		s := c.of("a:1")
		require.EqualValues(t, 2, s.ChecksNotOK)
		require.GreaterOrEqual(t, s.ChecksOK, int64(4))
	})
}

func TestChecksTimeOutAndJitter(t *testing.T) {
	inWorld(t, func(w *world) {
		var began []time.Time
		c := &Cluster{Endpoints: To("a:1"), Check: &Check{
			Interval: 10 * time.Second, Timeout: time.Second,
			Checker: CheckerFunc(func(ctx context.Context, conn net.Conn, e Endpoint) error {
				began = append(began, time.Now())
				_, err := conn.Read(make([]byte, 1))
				return err
			}),
		}}
		b := w.backend("a:1")
		b.handle = func(conn net.Conn) { conn.Read(make([]byte, 1)) }
		stop := w.run(c)
		settle(20 * time.Minute)
		require.Equal(t, Unhealthy, c.of("a:1").State)
		require.Equal(t, 1, w.records("check took too long"), "%s", w.log.String())
		require.ErrorIs(t, func() error {
			ctx, cancel := context.WithTimeout(w.ctx, time.Second)
			defer cancel()
			return c.Ready(ctx)
		}(), context.DeadlineExceeded)
		stop()
		least, most := time.Hour, time.Duration(0)
		for i := range began[1:] {
			pause := began[i+1].Sub(began[i]) - time.Second
			least, most = min(least, pause), max(most, pause)
		}
		require.InDelta(t, 9.1, least.Seconds(), 0.2)
		require.InDelta(t, 10.9, most.Seconds(), 0.2)
	})
}

func TestCheckerThatPanics(t *testing.T) {
	inWorld(t, func(w *world) {
		w.backend("a:1")
		c := &Cluster{Endpoints: To("a:1"), Check: &Check{Checker: CheckerFunc(func(context.Context, net.Conn, Endpoint) error { panic("unfit") })}}
		w.run(c)
		settle(time.Second)
		require.Equal(t, Unhealthy, c.of("a:1").State)
		require.Contains(t, w.log.String(), "check panicked: unfit")
	})
}

func TestEjection(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.backend("a:1")
		w.backend("b:1")
		w.backend("c:1")
		c := &Cluster{Endpoints: To("a:1", "b:1", "c:1"), Balancer: RoundRobin{}, Ejection: &Ejection{Base: 10 * time.Second, Max: 25 * time.Second}}
		a.down()
		for i, want := range []time.Duration{10, 20, 25} {
			w.visits(c, 15)
			require.Equal(t, Ejected, c.of("a:1").State)
			failed := c.of("a:1").Failed
			require.EqualValues(t, 5*(i+1), failed)
			time.Sleep(want*time.Second - time.Millisecond)
			w.visits(c, 9)
			require.Equal(t, failed, c.of("a:1").Failed, "nobody asks it")
			time.Sleep(time.Millisecond)
			require.Equal(t, Healthy, c.of("a:1").State)
		}
		require.EqualValues(t, 3, c.of("a:1").Ejections)
		require.Equal(t, 3, w.records("endpoint is ejected"), "%s", w.log.String())
		require.Equal(t, 3, w.records("from=ejected to=healthy"), "%s", w.log.String())

		// What does well for long starts anew.
		a.up()
		w.visits(c, 3)
		time.Sleep(time.Minute)
		a.down()
		w.visits(c, 15)
		time.Sleep(10 * time.Second)
		require.Equal(t, Healthy, c.of("a:1").State)
	})
}

func TestEjectionByShareOfFailures(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &Cluster{Endpoints: To("a:1", "b:1"), Ejection: &Ejection{Consecutive: -1, FailureRatio: 0.3, MinVolume: 10, Window: 10 * time.Second}}
		e := func(r Result) {
			require.NoError(t, c.begin())
			c.record(c.members["a:1"], pass{}, true, r, time.Now())
		}
		results := func(good, bad int) {
			for range good {
				e(Succeeded)
			}
			for range bad {
				e(Failed)
			}
		}
		results(6, 3)
		require.Equal(t, Healthy, c.of("a:1").State, "9 are too few")
		time.Sleep(11 * time.Second)
		results(6, 3)
		require.Equal(t, Healthy, c.of("a:1").State, "those of before do not count")
		time.Sleep(5 * time.Second)
		results(20, 8)
		require.Equal(t, Healthy, c.of("a:1").State, "11 of 37")
		results(0, 1)
		require.Equal(t, Ejected, c.of("a:1").State, "12 of 38")
	})
}

func TestEjectionIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &Cluster{Endpoints: To("a:1", "b:1", "c:1", "d:1"), Ejection: &Ejection{Consecutive: 2, MaxShare: 0.5}, Tries: 1, PanicThreshold: -1}
		for range 100 {
			c.Dial(w.ctx)
		}
		s := c.Stats()
		out, spared := 0, int64(0)
		for _, e := range s.Endpoints {
			if e.State == Ejected {
				out++
			}
			spared += e.Spared
		}
		require.Equal(t, 2, out)
		require.NotZero(t, spared)
		one := &Cluster{Endpoints: To("a:1"), Ejection: &Ejection{Consecutive: 1}}
		one.Dial(w.ctx)
		require.Equal(t, Healthy, one.of("a:1").State, "there is no other")
		two := &Cluster{Endpoints: To("a:1", "b:1"), Ejection: &Ejection{Consecutive: 1, MaxShare: 0.1}}
		two.Dial(w.ctx)
		require.NotEqual(t, two.of("a:1").State, two.of("b:1").State)
	})
}

func TestBreaker(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.backend("a:1")
		c := &Cluster{Endpoints: To("a:1"), Breaker: &Breaker{Failures: 3, OpenFor: 10 * time.Second, Trials: 2}}
		w.visits(c, 5)
		a.down()
		for range 3 {
			_, err := c.Dial(w.ctx)
			require.NotErrorIs(t, err, ErrNoEndpoint)
		}
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "of 1 none may be used: 0 unhealthy, 0 unchecked, 0 ejected, 1 with an open breaker")
		require.Equal(t, Open, c.of("a:1").State)

		time.Sleep(10 * time.Second)
		require.Equal(t, HalfOpen, c.of("a:1").State)
		_, err = c.Dial(w.ctx)
		require.NotErrorIs(t, err, ErrNoEndpoint)
		require.Equal(t, Open, c.of("a:1").State, "one trial that fails opens it again")

		a.up()
		time.Sleep(10 * time.Second)
		first, err := c.Pick(w.ctx)
		require.NoError(t, err)
		second, err := c.Pick(w.ctx)
		require.NoError(t, err)
		_, err = c.Pick(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint, "two trials at a time")
		first.Done() // a client that leaves: no result, and the trial is free again
		third, err := c.Pick(w.ctx)
		require.NoError(t, err)
		second.Report(Succeeded, time.Millisecond)
		require.Equal(t, HalfOpen, c.of("a:1").State)
		third.Report(Succeeded, time.Millisecond)
		require.Equal(t, Healthy, c.of("a:1").State)
		second.Done()
		third.Done()
		require.Zero(t, c.Stats().Active)
		require.Equal(t, 1, w.records("to=open"+"\n")-w.records("from=half-open to=open"), "%s", w.log.String())
	})
}

// What was begun before a breaker opened is no word on whether it may close.
func TestBreakerAndLateResults(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &Cluster{Endpoints: To("a:1"), Breaker: &Breaker{Failures: 1, OpenFor: time.Second}}
		old := make([]*Lease, 4)
		for i := range old {
			var err error
			old[i], err = c.Pick(w.ctx)
			require.NoError(t, err)
		}
		old[0].Report(Failed, 0)
		old[1].Report(Succeeded, 0)
		require.Equal(t, Open, c.of("a:1").State)
		time.Sleep(time.Second)
		trial, err := c.Pick(w.ctx)
		require.NoError(t, err)
		old[2].Report(Failed, 0)
		require.Equal(t, HalfOpen, c.of("a:1").State)
		old[3].Report(Succeeded, 0)
		require.Equal(t, HalfOpen, c.of("a:1").State)
		trial.Report(Succeeded, 0)
		require.Equal(t, Healthy, c.of("a:1").State)
		s := c.of("a:1")
		require.EqualValues(t, 3, s.Succeeded)
		require.EqualValues(t, 2, s.Failed)
	})
}

func TestPanicThreshold(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, a := range []string{"a:1", "b:1", "c:1", "d:1"} {
			w.backend(a)
		}
		var sick sync.Map
		clusters := map[float64]*Cluster{}
		for _, threshold := range []float64{0, 0.5, -1} {
			c := &Cluster{Endpoints: To("a:1", "b:1", "c:1", "d:1"), Balancer: RoundRobin{}, PanicThreshold: threshold, Check: &Check{
				Rise: 1, Fall: 1, Interval: time.Second,
				Checker: CheckerFunc(func(_ context.Context, _ net.Conn, e Endpoint) error {
					if _, is := sick.Load(e.Address); is {
						return errBroken
					}
					return nil
				}),
			}}
			w.run(c)
			clusters[threshold] = c
		}
		used := func(threshold float64) int {
			t.Helper()
			return len(w.visits(clusters[threshold], 40))
		}
		settle(time.Second)
		require.Equal(t, 4, used(0.5))
		sick.Store("a:1", true)
		sick.Store("b:1", true)
		settle(2 * time.Second)
		require.Equal(t, 2, used(0.5), "a half is enough")
		sick.Store("c:1", true)
		settle(2 * time.Second)
		require.Equal(t, 4, used(0.5))
		require.True(t, clusters[0.5].Stats().Panic)
		require.Equal(t, 1, used(0))
		require.Equal(t, 1, used(-1))
		sick.Store("d:1", true)
		settle(2 * time.Second)
		require.Equal(t, 4, used(0))
		require.True(t, clusters[0].Stats().Panic)
		_, err := clusters[-1].Dial(w.ctx)
		require.ErrorIs(t, err, ErrNoEndpoint)
		require.ErrorContains(t, err, "of 4 none may be used: 4 unhealthy")
		sick.Clear()
		settle(2 * time.Second)
		require.False(t, clusters[0].Stats().Panic)
		require.Equal(t, 2, w.records("too few endpoints are well"), "%s", w.log.String())
		require.Equal(t, 2, w.records("enough endpoints are well again"), "%s", w.log.String())
	})
}

func TestSlowStart(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.backend("a:1")
		w.backend("b:1")
		c := &Cluster{
			Endpoints: To("a:1", "b:1"), Balancer: RoundRobin{}, SlowStart: 10 * time.Second,
			Check: &Check{Interval: time.Second, Rise: 1, Fall: 1},
		}
		w.run(c)
		settle(time.Second)
		require.Equal(t, map[string]int{"a:1": 50, "b:1": 50}, w.visits(c, 100), "those of the beginning are alike")
		a.down()
		settle(2 * time.Second)
		a.up()
		for c.of("a:1").State != Healthy {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(500 * time.Millisecond)
		for tenths := 1; tenths <= 10; tenths++ {
			got := w.visits(c, 110)["a:1"]
			require.InDelta(t, 110*float64(tenths)/float64(10+tenths), got, 2, "at %d tenths", tenths)
			time.Sleep(time.Second)
		}
	})
}

// A goroutine may look at a time that is from before another's.
func TestSlowStartOfTheFuture(t *testing.T) {
	now := time.Now()
	c := &Cluster{Endpoints: To("a:1"), SlowStart: 10 * time.Second}
	require.NoError(t, c.begin())
	e := c.members["a:1"]
	e.since = now
	weight, until := c.weightLocked(e, now.Add(-time.Minute))
	require.Equal(t, 0.1, weight)
	require.Equal(t, now.Add(time.Second), until)
}

// What this side does not have is no fault of an endpoint.
func TestLocalErrorsAreNeutral(t *testing.T) {
	inWorld(t, func(w *world) {
		var dials atomic.Int64
		w.box.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return nil, &net.OpError{Op: "dial", Err: syscall.EMFILE}
		}
		c := &Cluster{Endpoints: To("a:1", "b:1"), Breaker: &Breaker{Failures: 1}, Check: &Check{}}
		stop := w.run(c)
		settle(10 * time.Second)
		stop()
		require.Equal(t, Unchecked, c.of("a:1").State)
		c = &Cluster{Endpoints: To("a:1", "b:1"), Breaker: &Breaker{Failures: 1}}
		dials.Store(0)
		_, err := c.Dial(w.ctx)
		require.ErrorIs(t, err, syscall.EMFILE)
		require.EqualValues(t, 1, dials.Load(), "the next one would fail as well")
		require.Equal(t, Healthy, c.of("a:1").State)

		w.box.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, nil }
		_, err = c.Dial(w.ctx)
		require.ErrorIs(t, err, errNoConn)
		w.box.Dial = func(context.Context, string, string) (net.Conn, error) { panic("no net") }
		c = &Cluster{Endpoints: Static{{Address: "a:1", IPs: []netip.Addr{netip.IPv6Loopback(), netip.IPv6LinkLocalAllNodes()}}}}
		_, err = c.Dial(w.ctx)
		require.ErrorContains(t, err, "dial panicked: no net")
	})
}

// An address of IPv6 where this machine has none is left for the others, and found
// to be of no use; one to which there is no port left is none of these.
func TestNoAddressToDialFrom(t *testing.T) {
	for _, test := range []struct {
		unusable string
		state    State
	}{{"[2001:db8::1]:1", Unhealthy}, {"10.0.0.2:1", Unchecked}} {
		inWorld(t, func(w *world) {
			w.backend("10.0.0.1:1")
			dial, at := w.box.Dial, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.unusable))
			w.box.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == test.unusable {
					return nil, &net.OpError{Op: "dial", Addr: at, Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}
				}
				return dial(ctx, network, address)
			}
			c := &Cluster{Endpoints: To("10.0.0.1:1", test.unusable), Balancer: RoundRobin{}}
			w.visits(c, 20)
			c = &Cluster{Endpoints: To("10.0.0.1:1", test.unusable), Check: &Check{}}
			w.run(c)
			settle(time.Minute)
			require.Equal(t, test.state, c.of(test.unusable).State)
			require.Equal(t, Healthy, c.of("10.0.0.1:1").State)
		})
	}
}
