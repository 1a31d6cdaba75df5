package statsd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestUDP(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{UDP: "127.0.0.1:0"}
	stop := start(t, t.Context(), s)
	c := dial(t, s.Addrs()[0])
	for range 100 {
		send(t, c, "a:1|c|#k:v\nbad\nb:2|g")
	}
	eventually(t, func() bool { return s.Stats().Packets == 100 })
	require.ErrorContains(t, s.Run(t.Context()), "already running")
	st := s.Stats()
	require.EqualValues(t, 200, st.Samples)
	require.EqualValues(t, 100*20, st.Bytes)
	require.Equal(t, map[string]uint64{"malformed_line": 100}, st.Rejected)
	if runtime.GOOS == "linux" {
		require.Positive(t, st.ReceiveBuffer)
	}
	require.NoError(t, stop())
	require.EqualValues(t, 100, value(t, s, "a"))
	_, err := net.ListenPacket("udp", s.Addrs()[0].String())
	require.NoError(t, err) // it was closed
}

// What was counted stays when it runs again, and so does since when.
func TestRunsAgain(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{UDP: "127.0.0.1:0"}
	var began int64
	for i := range 3 {
		stop := start(t, t.Context(), s)
		send(t, dial(t, s.Addrs()[0]), "a:1|c")
		eventually(t, func() bool { return s.Stats().Samples == uint64(i+1) })
		require.NoError(t, stop())
		p := points(t, s, "a")
		require.EqualValues(t, i+1, p[0].Value.Float())
		if i == 0 {
			began = p[0].Start
		}
		require.Equal(t, began, p[0].Start)
	}
}

// What the kernel holds when ctx ends is taken.
func TestDrains(t *testing.T) {
	podtest.NoLeaks(t)
	for _, network := range []string{"udp", "unixgram"} {
		if network == "unixgram" && runtime.GOOS == "windows" {
			continue
		}
		t.Run(network, func(t *testing.T) {
			for range 20 {
				s := &Source{UDP: "127.0.0.1:0"}
				if network == "unixgram" {
					s = &Source{Unix: t.TempDir() + "/s"}
				}
				stop := start(t, t.Context(), s)
				c := dial(t, s.Addrs()[0])
				s.table.mu.Lock() // so that nothing is taken while it is sent
				for range 50 {
					c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
					if _, err := c.Write([]byte("a:1|c")); err != nil {
						break
					}
				}
				ended := make(chan error)
				go func() { ended <- stop() }()
				time.Sleep(time.Millisecond)
				s.table.mu.Unlock()
				require.NoError(t, <-ended)
				if network == "udp" {
					require.EqualValues(t, 50, value(t, s, "a"))
				} else {
					require.Equal(t, float64(s.Stats().Packets), value(t, s, "a"))
					require.Greater(t, s.Stats().Packets, uint64(5))
				}
			}
		})
	}
}

// A sender that does not stop does not keep Run.
func TestStopsUnderLoad(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"}
	stop := start(t, t.Context(), s)
	var busy sync.WaitGroup
	over := make(chan struct{})
	for _, at := range s.Addrs() {
		c := dial(t, at)
		busy.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					c.Write([]byte(strings.Repeat("a:1|c\n", 20)))
				}
			}
		})
	}
	eventually(t, func() bool { return s.Stats().Samples > 10_000 })
	before := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(before), 15*time.Second)
	close(over)
	busy.Wait()
}

// The sum of what was sent is the sum of what is exported, whoever collects.
func TestConcurrent(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"}
	if runtime.GOOS != "windows" {
		s.Unix = t.TempDir() + "/s"
	}
	stop := start(t, t.Context(), s)
	const senders, packets = 3, 300
	var busy, collectors sync.WaitGroup
	var sent, lost sync.Map
	for i := range senders {
		for n, at := range s.Addrs() {
			c := dial(t, at)
			busy.Go(func() {
				sum := 0
				r := rand.New(rand.NewPCG(uint64(i), uint64(n)))
				for range packets {
					var b strings.Builder
					for range 20 {
						v := r.IntN(10)
						fmt.Fprintf(&b, "n%d:%d|c|#sender:%d\n", r.IntN(50), v, r.IntN(20))
						sum += v
					}
					if _, err := c.Write([]byte(b.String())); err != nil {
						lost.Store(err, true)
					}
					time.Sleep(100 * time.Microsecond)
				}
				sent.Store([2]int{i, n}, sum)
			})
		}
	}
	over := make(chan struct{})
	for range 2 {
		collectors.Go(func() {
			last := 0.0
			for {
				select {
				case <-over:
					return
				default:
				}
				var b metrics.Batch
				if err := s.Collect(context.Background(), &b); err != nil {
					panic(err)
				}
				if now := total(&b); now < last {
					panic(fmt.Sprintf("%v after %v", now, last))
				} else {
					last = now
				}
			}
		})
	}
	busy.Wait()
	require.NoError(t, stop())
	close(over)
	collectors.Wait()
	want := 0
	sent.Range(func(_, v any) bool { want += v.(int); return true })
	lost.Range(func(err, _ any) bool { t.Error(err); return true })
	require.Zero(t, s.Stats().KernelDropped)
	require.EqualValues(t, want, total(collected(t, s)))
	require.Empty(t, s.Stats().Rejected)
	require.Equal(t, 1000, s.Stats().Series)
}

func total(b *metrics.Batch) (sum float64) {
	for _, f := range b.Families() {
		if strings.HasPrefix(f.Name, "n") {
			for _, p := range f.Points {
				sum += p.Value.Float()
			}
		}
	}
	return sum
}

// In memory, with virtual time.
func TestTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		podtest.NoLeaks(t)
		network := &podtest.Network{}
		box := &sandbox.Sandbox{ListenPacket: network.ListenPacket}
		s := &Source{UDP: "127.0.0.1:8125", TTL: 90 * time.Second, Rules: []Rule{{Match: "stays.*", Name: "$1", TTL: -1}, {Match: "goes.*", Name: "$1", TTL: 30 * time.Second}}}
		stop := start(t, box.Context(t.Context()), s)
		c, err := network.DialContext(t.Context(), "udp", "127.0.0.1:8125")
		require.NoError(t, err)
		send(t, c, "a:1|c\nstays.b:1|c\ngoes.c:1|c\nd:1|c|#x:1\nd:1|c|#x:2\nu:x|s")
		synctest.Wait()
		began := points(t, s, "a")[0].Start
		require.Equal(t, time.Now().UnixNano(), began)
		require.Equal(t, 6, s.Stats().Series)
		time.Sleep(45 * time.Second)
		send(t, c, "a:1|c\nd:1|c|#x:2")
		synctest.Wait()
		require.Empty(t, points(t, s, "c"))
		require.EqualValues(t, 2, value(t, s, "a"))
		time.Sleep(60 * time.Second)
		require.Len(t, points(t, s, "d"), 1)
		require.EqualValues(t, 2, value(t, s, "a"))
		require.EqualValues(t, 1, value(t, s, "b"))
		time.Sleep(40 * time.Second)
		require.Empty(t, points(t, s, "a"))
		require.Equal(t, 1, s.Stats().Series)
		require.EqualValues(t, 5, s.Stats().Expired)
		require.Equal(t, len("b"), s.table.bytes)
		require.Equal(t, defaultMembers, s.table.budget.left)

		send(t, c, "a:5|c\nc:1|g") // it comes back, and what has a name no longer may be of another kind
		synctest.Wait()
		require.EqualValues(t, 5, value(t, s, "a"))
		require.Equal(t, time.Now().UnixNano(), points(t, s, "a")[0].Start)
		require.NoError(t, stop())
		c.Close()
	})
}

// Sets and summaries look at the last while only.
func TestPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * time.Second)
		s := taking(t, &Source{Observer: Observer{Kind: Summary, Quantiles: []float64{0.5}, Window: 2 * time.Minute}})
		s.takeNow("u:a|s\nu:b|s\nt:8|h")
		require.EqualValues(t, 2, value(t, s, "u"))
		require.InEpsilon(t, 8, points(t, s, "t")[0].Quantiles.Quantiles[0].Value, 0.01)
		time.Sleep(time.Minute)
		s.takeNow("u:a|s\nt:2:2:2|h")
		require.EqualValues(t, 2, value(t, s, "u"))
		require.InEpsilon(t, 2, points(t, s, "t")[0].Quantiles.Quantiles[0].Value, 0.01)
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, value(t, s, "u"))
		time.Sleep(time.Minute)
		require.EqualValues(t, 0, value(t, s, "u"))
		time.Sleep(time.Minute)
		q := points(t, s, "t")[0].Quantiles
		require.NotEqual(t, q.Quantiles[0].Value, q.Quantiles[0].Value) // NaN
		require.EqualValues(t, 4, q.Count)
		require.EqualValues(t, 14, q.Sum)
	})
}

func TestReadyAndErrors(t *testing.T) {
	podtest.NoLeaks(t)
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	s := &Source{UDP: taken.LocalAddr().String()}
	require.ErrorContains(t, s.Run(t.Context()), "in use")
	require.ErrorContains(t, (&Source{TCP: "host.invalid:1"}).Run(t.Context()), "statsd: listen tcp")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Ready(ctx), context.Canceled)
	require.ErrorIs(t, s.Collect(ctx, new(metrics.Batch)), nil) // nothing to collect, and no error
	taking(t, s).takeNow("a:1|c")
	require.ErrorIs(t, s.Collect(ctx, new(metrics.Batch)), context.Canceled)
}
