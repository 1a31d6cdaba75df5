package logcollect

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line of 1 GiB takes no more memory than others: two batches of MaxLineBytes, or
// of 1 MiB, each of which has grown once or twice.
func TestEndlessLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int64
		limit int64 // 0: 1 MiB
		c     *Collector
		bound uint64
	}{
		{"split", 1 << 30, 4 << 20, &Collector{}, 20 << 20},
		{"split, 1 MiB", 100 << 20, 0, &Collector{}, 8 << 20},
		{"split, CR stripped", 30 << 20, 5000, &Collector{StripCR: true}, 8 << 20},
		{"split, of an event", 100 << 20, 4 << 20, &Collector{Multiline: indented}, 20 << 20},
		{"truncated", 200 << 20, 0, &Collector{TruncateLines: true}, 8 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() || raceEnabled {
				c.size = min(c.size, 50<<20)
			}
			b := newBench(t)
			b.append("a.log", "first\nx")
			require.NoError(t, os.Truncate(b.path("a.log"), 6+c.size)) // a hole, which reads as NULs
			b.append("a.log", "\nlast\n")
			sink := &counting{}
			collector := c.c.with(sink)
			collector.MaxLineBytes = int(c.limit)
			limit := int64(collector.maxLineBytes())
			pieces := (c.size + limit - 1) / limit
			bytes := c.size + pieces
			if c.c.TruncateLines {
				pieces, bytes = 1, limit+1
			}
			before := totalAlloc()
			b.start(collector)
			b.awaitLines(2 + pieces)
			require.NoError(t, b.stop())
			require.Less(t, totalAlloc()-before, c.bound, "all that was ever allocated")
			require.Equal(t, 2+pieces, b.c.Stats().Lines)
			require.Equal(t, 6+bytes+5, sink.bytes)
		})
	}
}

func totalAlloc() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// counting is a Sink that counts.
type counting struct{ bytes int64 }

func (c *counting) Write(_ context.Context, batch Batch) error {
	c.bytes += int64(len(batch.Lines))
	return nil
}
