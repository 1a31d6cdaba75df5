package statsd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/podtest"
)

// What the kernel drops is counted to the last datagram, and shown at once.
func TestKernelDrops(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{UDP: "127.0.0.1:0", ReceiveBuffer: 4096}
	stop := start(t, t.Context(), s)
	require.Less(t, s.Stats().ReceiveBuffer, 1<<16)
	c := dial(t, s.Addrs()[0])
	const sent = 2000
	s.table.mu.Lock()
	for range sent {
		send(t, c, "a:1|c|#"+strings.Repeat("x", 500))
	}
	dropped := s.network.now().drops[overUDP]
	s.table.mu.Unlock()
	require.Positive(t, dropped) // nothing was read since
	eventually(t, func() bool { return s.Stats().Packets+s.Stats().KernelDropped == sent })
	require.NoError(t, stop())
	st := s.Stats()
	require.EqualValues(t, sent, st.Packets+st.KernelDropped)
	require.EqualValues(t, st.Packets, value(t, s, "a"))
	require.Contains(t, ownText(t, s), `statsd_kernel_dropped_packets_total{network="udp",source="statsd"} `)
}

// SO_RXQ_OVFL tells the same.
func TestOverflowOfSocket(t *testing.T) {
	s := &Source{UDP: "127.0.0.1:0", ReceiveBuffer: 4096}
	r := &running{source: s}
	require.NoError(t, r.listen(t.Context()))
	defer r.close()
	p := r.packets[0]
	c := dial(t, p.conn.LocalAddr())
	for range 100 {
		send(t, c, strings.Repeat("x", 500))
	}
	now, ok := p.droppedNow()
	if !ok {
		t.Skip("no SO_MEMINFO")
	}
	b := newBatch()
	read := func() (last uint32, ok bool) {
		p.raw.Control(func(fd uintptr) { b.read(fd) })
		h := &b.headers[b.n-1]
		return overflowOf(h.Control, uint64(h.Controllen))
	}
	read()
	send(t, c, "x")
	last, ok := read()
	require.True(t, ok)
	require.Equal(t, now, last)
}

// The count has 32 bits, and an older one may come after a newer one.
func TestCountsDrops(t *testing.T) {
	var n traffic
	p := &packets{by: overUDP}
	for _, c := range []struct {
		now  uint32
		want uint64
	}{{3, 3}, {5, 5}, {4, 5}, {1 << 30, 1 << 30}, {2 << 30, 2 << 30}, {3 << 30, 3 << 30}, {1, 1<<32 + 1}} {
		n.dropped(p, c.now)
		require.Equal(t, c.want, n.drops[overUDP])
	}
}

// ownText is all that s exports.
func ownText(t testing.TB, s *Source) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, metrics.Text.Write(&out, collected(t, s)))
	return out.String()
}
