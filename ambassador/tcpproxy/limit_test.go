package tcpproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{Rate: rate.NewLimiter(2, 3)}, "mem", "mem")
		began := time.Now()
		for i := range 7 {
			client, server := r.connect()
			want := max(0, time.Duration(i-2)*time.Second/2)
			require.Equal(t, want, time.Since(began).Round(time.Millisecond), "connection %d", i)
			closeBoth(t, client, server)
		}
		synctest.Wait()
		require.EqualValues(t, 5, r.proxy.Stats().Throttled, "four that came, and one that may")
		r.dialFront() // waits in the backlog
		began = time.Now()
		require.NoError(t, r.finish())
		require.Zero(t, time.Since(began), "a stop does not wait for the rate")
	})
}

// Nothing is lost when a burst is set to 0 for a while.
func TestRateChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := rate.NewLimiter(rate.Inf, 1)
		r := newRig(t, &Proxy{Rate: limit}, "mem", "mem")
		synctest.Wait()
		limit.SetLimit(1)
		limit.SetBurst(0)
		client, server := r.connect() // was let in before
		closeBoth(t, client, server)
		waiting := r.dialFront()
		elapse(time.Hour)
		require.EqualValues(t, 1, r.proxy.Stats().Accepted)
		limit.SetBurst(1)
		elapse(2 * time.Second)
		require.EqualValues(t, 2, r.proxy.Stats().Accepted)
		another, err := r.backend.Accept()
		require.NoError(t, err)
		closeBoth(t, waiting, another)
		require.NoError(t, r.finish())
	})
}

func TestMaxConnsPerClient(t *testing.T) {
	r := newRig(t, &Proxy{MaxConnsPerClient: 2, ProxyFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}, "tcp", "tcp")
	one, itsServer := r.connect()
	two, hisServer := r.connect()
	r.requireRefused()
	closeBoth(t, one, itsServer)
	r.eventually("given back", func(s Stats) bool { return s.Completed == 1 })
	three, server := r.connect()

	// What counts is the address in a header that is trusted.
	from := func() net.Conn {
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).Dial("tcp", r.front.Addr().String())
		require.NoError(t, err)
		write(t, c, header(t, 1))
		return c
	}
	four := from()
	fourServer, err := r.backend.Accept()
	require.NoError(t, err)
	five := from()
	fiveServer, err := r.backend.Accept()
	require.NoError(t, err)
	_, err = from().Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)

	closeBoth(t, two, hisServer)
	closeBoth(t, three, server)
	closeBoth(t, four, fourServer)
	closeBoth(t, five, fiveServer)
	require.NoError(t, r.finish())
	got := r.proxy.Stats()
	require.EqualValues(t, 2, got.Crowded)
	require.EqualValues(t, 5, got.Completed)
}

func TestMaxConnsPerClientOfUnixSockets(t *testing.T) {
	r := newRig(t, &Proxy{MaxConnsPerClient: 1}, "unix", "tcp")
	one, itsServer := r.connect()
	two, hisServer := r.connect()
	closeBoth(t, one, itsServer)
	closeBoth(t, two, hisServer)
	require.NoError(t, r.finish())
}

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{Idle: time.Minute, HalfCloseIdle: time.Hour}, "mem", "mem")
		client, server := r.connect()
		half, whole := r.connect()
		require.NoError(t, half.CloseWrite())
		requireEnd(t, whole, "")
		for range 5 {
			elapse(59 * time.Second)
			write(t, server, "still here")
			requireRead(t, client, "still here")
		}
		began := time.Now()
		for _, c := range []net.Conn{client, server} {
			_, err := c.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
		}
		require.Equal(t, time.Minute, time.Since(began))
		write(t, whole, "a half-closed one has a limit of its own")
		requireRead(t, half, "a half-closed one has a limit of its own")
		require.NoError(t, whole.Close())
		requireEnd(t, half, "")
		require.NoError(t, r.finish())
		got := r.proxy.Stats()
		require.EqualValues(t, 1, got.IdleExpired)
		require.EqualValues(t, 1, got.Completed)
	})
}

// In a drain the shorter limit counts, and how it ends.
func TestIdleInADrain(t *testing.T) {
	for _, test := range []struct{ idle, drain, want time.Duration }{
		{time.Minute, 3 * time.Second, 3 * time.Second}, {3 * time.Second, time.Minute, 3 * time.Second}, {3 * time.Second, 0, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, &Proxy{Idle: test.idle, DrainIdle: test.drain}, "mem", "mem")
			client, _ := r.connect()
			began := time.Now()
			r.stop()
			_, err := client.Read(make([]byte, 1))
			require.Equal(t, test.want, time.Since(began))
			require.Equal(t, test.idle > test.want, err == io.EOF, "%v", err)
			require.NoError(t, r.finish())
		})
	}
}

func TestDrainAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{DrainAccept: 5 * time.Second}, "mem", "mem")
		synctest.Wait()
		r.stop()
		elapse(5*time.Second - 1)
		client, server := r.connect()
		elapse(2)
		_, err := r.dial(context.Background(), "tcp", r.front.Addr().String())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		requireEcho(t, client, server)
		closeBoth(t, client, server)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().Completed)
	})
}

// The grace period bounds it, and what was accepted in it is cut with the rest.
func TestDrainAcceptIsPartOfTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{DrainAccept: time.Hour}, "mem", "mem")
		r.box.Grace = 10 * time.Second
		r.serve(r.front)
		began := time.Now()
		synctest.Wait()
		r.stop()
		elapse(9 * time.Second)
		r.connect()
		require.EqualError(t, <-r.served, "tcpproxy: 1 connections cut when the grace period ended: context deadline exceeded")
		require.Equal(t, 10*time.Second, time.Since(began))
		r.requireOver()
		r.backend.Close()
	})
}

// runningUpstream has a life of its own.
type runningUpstream struct {
	Upstream
	run func(ctx context.Context) error
}

func (u *runningUpstream) Run(ctx context.Context) error { return u.run(ctx) }

// Run goes on through the drain, in which there may be dials, and once for each.
func TestUpstreamRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{}, "mem", "mem")
		var began, ended time.Time
		runs := 0
		up := &runningUpstream{To(r.backend.Addr().String()), func(ctx context.Context) error {
			runs++
			began = time.Now()
			<-ctx.Done()
			ended = time.Now()
			return ctx.Err()
		}}
		r.proxy.Upstream, r.proxy.Routes = up, map[string]Upstream{"a.example": up}
		r.serve(r.front)
		client, server := r.connectSaying(string(hello(t, "a.example")))
		r.stop()
		elapse(3 * time.Second)
		io.CopyN(io.Discard, server, 1)
		require.NoError(t, client.Close())
		io.Copy(io.Discard, server)
		require.NoError(t, server.Close())
		require.NoError(t, r.finish())
		require.Equal(t, 1, runs)
		require.Equal(t, 3*time.Second, ended.Sub(began))
	})
}

func TestUpstreamFailsToRun(t *testing.T) {
	broken := errors.New("broken")
	for want, run := range map[string]func(context.Context) error{
		"tcpproxy: Upstream: run: broken":         func(context.Context) error { return broken },
		"tcpproxy: Upstream: run: panicked: oops": func(context.Context) error { panic("oops") },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := prepare(t, &Proxy{}, "mem", "mem")
			r.proxy.Upstream = &runningUpstream{To(r.backend.Addr().String()), func(ctx context.Context) error {
				elapse(time.Second)
				return run(ctx)
			}}
			r.serve(r.front)
			client, server := r.connect()
			elapse(2 * time.Second)
			requireEcho(t, client, server)
			closeBoth(t, client, server)
			require.ErrorContains(t, <-r.served, want)
			r.requireOver()
			r.backend.Close()
		})
	}
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	r.proxy.Upstream = &runningUpstream{r.proxy.Upstream, func(context.Context) error { return nil }}
	r.serve(r.front)
	client, server := r.connect()
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish(), "one that has nothing more to do is in order")
}
