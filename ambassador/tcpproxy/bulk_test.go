package tcpproxy

import (
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/sockets"
)

const bulk = 64 << 20

// pour sends n pseudo-random bytes in uneven pieces and returns their hash.
func pour(t *testing.T, c halfConn, n int, seed uint64) hash.Hash {
	sum := sha256.New()
	random := rand.New(rand.NewPCG(seed, seed))
	b := make([]byte, 300<<10)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	for n > 0 {
		piece := b[:min(n, 1+random.IntN(len(b)))]
		piece[0] = byte(n)
		sum.Write(piece)
		if _, err := c.Write(piece); err != nil {
			t.Error(err)
			break
		}
		n -= len(piece)
	}
	c.CloseWrite()
	return sum
}

func drink(t *testing.T, c net.Conn) (int64, hash.Hash) {
	sum := sha256.New()
	n, err := io.Copy(sum, struct{ io.Reader }{c})
	if err != nil {
		t.Error(err)
	}
	return n, sum
}

func TestBulkBothWays(t *testing.T) {
	for _, n := range networks {
		t.Run(n[0]+" to "+n[1], func(t *testing.T) {
			r := newRig(t, &Proxy{}, n[0], n[1])
			client, server := r.connect()
			var exchanged sync.WaitGroup
			var sent, got [2]hash.Hash
			exchanged.Go(func() { sent[0] = pour(t, client, bulk, 1) })
			exchanged.Go(func() { sent[1] = pour(t, server, bulk, 2) })
			exchanged.Go(func() { _, got[0] = drink(t, server) })
			exchanged.Go(func() { _, got[1] = drink(t, client) })
			exchanged.Wait()
			for i := range sent {
				require.Equal(t, sent[i].Sum(nil), got[i].Sum(nil))
			}
			r.stop()
			require.NoError(t, <-r.served)
			require.Equal(t, Stats{Accepted: 1, Dialled: 1, ToUpstream: bulk, FromUpstream: bulk, Completed: 1}, r.proxy.Stats())
		})
	}
}

// A reader that takes nothing stops its sender, and the proxy holds no more
// than a buffer besides what is in the kernel's; afterwards nothing is missing.
func TestBackpressure(t *testing.T) {
	for _, n := range networks[:4] {
		t.Run(n[0]+" to "+n[1], func(t *testing.T) {
			r := newRig(t, &Proxy{}, n[0], n[1])
			client, server := r.connect()
			before := heap()
			sent := int64(0)
			for b := make([]byte, 1<<20); ; {
				server.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
				n, err := server.Write(b)
				sent += int64(n)
				if err != nil {
					require.ErrorIs(t, err, os.ErrDeadlineExceeded)
					break
				}
				require.Less(t, sent, int64(256<<20), "nobody reads this")
			}
			require.Less(t, heap()-before, int64(2<<20))
			server.CloseWrite()
			got, err := io.Copy(io.Discard, struct{ io.Reader }{client})
			require.NoError(t, err)
			require.Equal(t, sent, got)
			closeBoth(t, client, server)
			require.NoError(t, r.finish())
		})
	}
}

// heap returns the bytes that live objects and stacks take.
func heap() int64 {
	runtime.GC()
	runtime.GC() // the first one only moves what sync.Pool holds aside
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// A pipe is given back when a direction is bulky no more.
func TestPipeIsGivenBack(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	if !sockets.CanSplice(&net.TCPConn{}, &net.TCPConn{}) {
		t.Skip("no splice here")
	}
	client, server := r.connect()
	requireEcho(t, client, server)
	before := descriptors(t)
	go client.Write(make([]byte, 8<<20))
	_, err := io.CopyN(io.Discard, struct{ io.Reader }{server}, 8<<20)
	require.NoError(t, err)
	require.Greater(t, descriptors(t), before, "a pipe")
	r.eventually("counted", func(s Stats) bool { return s.ToUpstream == 4+8<<20 })
	require.Eventually(t, func() bool {
		runtime.GC() // package net keeps pipes in a sync.Pool
		return descriptors(t) <= before
	}, patience, 10*time.Millisecond)
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}
