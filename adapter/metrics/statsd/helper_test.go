package statsd

import (
	"bytes"
	"context"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// taking is a Source that takes without running.
func taking(t testing.TB, s *Source) *Source {
	t.Helper()
	rules, err := s.validate()
	require.NoError(t, err)
	s.table.configure(s, rules)
	return s
}

func (s *Source) takeNow(lines string) { s.takePackets(overUDP, []byte(lines)) }

func collected(t testing.TB, s *Source) *metrics.Batch {
	t.Helper()
	var b metrics.Batch
	require.NoError(t, s.Collect(t.Context(), &b))
	return &b
}

// text is what s exports, without comments and its own metrics, a line each.
func text(t testing.TB, s *Source) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, metrics.Text.Write(&out, collected(t, s)))
	lines := []string{}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "statsd_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// points are those of the family name.
func points(t testing.TB, s *Source, name string) []metrics.Point {
	t.Helper()
	for _, f := range collected(t, s).Families() {
		if f.Name == name {
			return f.Points
		}
	}
	return nil
}

// value is that of the only point of name, NaN if there is none.
func value(t testing.TB, s *Source, name string) float64 {
	t.Helper()
	all := points(t, s, name)
	if len(all) == 0 {
		return math.NaN()
	}
	require.Len(t, all, 1)
	return all[0].Value.Float()
}

// start runs s until stop, which says what Run has returned.
func start(t testing.TB, ctx context.Context, s *Source) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	ready, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	require.NoError(t, s.Ready(ready))
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		cancel()
		if !stopped {
			<-ended
		}
	})
	return stop
}

func dial(t testing.TB, to net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(to.Network(), to.String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	_, err := c.Write([]byte(text))
	require.NoError(t, err)
}

func eventually(t testing.TB, done func() bool) {
	t.Helper()
	require.Eventually(t, done, 10*time.Second, time.Millisecond)
}
