package statsd

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Above the limit there is one series more for each name that there is, and the
// sum of a name is right.
func TestOverflow(t *testing.T) {
	s := taking(t, &Source{MaxSeries: 10})
	for range 2 {
		for i := range 30 {
			s.takeNow(fmt.Sprintf("a:1|c|#i:%d\nb%d:1|g", i, i))
		}
	}
	require.Equal(t, 10, s.Stats().Series)
	lines := text(t, s)
	require.Contains(t, lines, `a_total{otel_metric_overflow="true"} 50`)
	require.Len(t, points(t, s, "a"), 6)
	require.EqualValues(t, 50, s.Stats().Overflowed)
	require.EqualValues(t, 2*(30-5), s.Stats().Rejected["series_limit"])
	require.EqualValues(t, 60+10, s.Stats().Samples)
}

// When series end there is a place again.
func TestPlaceAgain(t *testing.T) {
	s := taking(t, &Source{MaxSeries: 2, TTL: time.Minute})
	t0 := time.Now()
	at := func(d time.Duration, line string) { s.table.take([]byte(line), t0.Add(d).UnixNano()) }
	at(0, "a:1|c|#i:1")
	at(0, "a:1|c|#i:2")
	at(time.Second, "a:1|c|#i:3")
	at(50*time.Second, "a:1|c|#i:2")
	require.EqualValues(t, 1, s.Stats().Overflowed)
	s.table.expire(t0.Add(60 * time.Second))
	at(60*time.Second, "a:1|c|#i:3")
	require.EqualValues(t, 1, s.Stats().Overflowed)
	require.ElementsMatch(t, []string{`a_total{i="2"} 2`, `a_total{i="3"} 1`, `a_total{otel_metric_overflow="true"} 1`}, text(t, s))
	s.table.expire(t0.Add(61 * time.Second))
	require.ElementsMatch(t, []string{`a_total{i="2"} 2`, `a_total{i="3"} 1`}, text(t, s))
	at(61*time.Second, "a:1|c|#i:1")
	at(62*time.Second, "a:1|c|#i:1")
	require.Contains(t, text(t, s), `a_total{otel_metric_overflow="true"} 2`)
	s.table.expire(t0.Add(time.Hour))
	require.Empty(t, text(t, s))
	require.Empty(t, s.table.families)
	require.Len(t, s.table.names, len(ownNames))
	require.Zero(t, s.table.bytes)
}

func TestSetLimit(t *testing.T) {
	s := taking(t, &Source{MaxSetValues: 100})
	for i := range 200 {
		s.takeNow(fmt.Sprintf("a:%d|s\nb:%d|s", i, i))
	}
	require.EqualValues(t, 100, value(t, s, "a")+value(t, s, "b"))
	require.EqualValues(t, 300, s.Stats().Rejected["set_limit"])
}

// However many names, tags, rates and timestamps come, memory stays within its
// limit.
func TestMemory(t *testing.T) {
	const limit = 2000
	s := taking(t, &Source{MaxSeries: limit, MaxSetValues: 1000, Observer: Observer{Kind: Exponential}})
	long := strings.Repeat("x", 900)
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	for i := range 30_000 {
		s.takeNow(fmt.Sprintf("a:1|c|#i:%d\n%s%d:1|c\nb:%d|g|T%d\nc:1|ms|@0.%d\nd:%d|s\ne:1|c|#%s:%d\nf:%d|ms|#i:%d", i, long, i, i, i+1, i+1, i, long, i, i, i))
	}
	// A native histogram of one value takes some 300 bytes; texts are there three
	// times, once for a series and twice for what is known.
	require.Less(t, int64(used())-int64(before), int64(limit*(3*2*bytesEach+2000)))
	require.LessOrEqual(t, s.Stats().Series, limit)
	require.LessOrEqual(t, s.table.bytes, limit*bytesEach)
	require.LessOrEqual(t, s.table.cache.bytes, 2*limit*bytesEach)
	runtime.KeepAlive(s)
}
