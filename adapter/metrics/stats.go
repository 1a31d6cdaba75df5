package metrics

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// ExporterStats are counters over the life of an [Exporter]'s value, all its runs,
// and gauges of its current run, or the last.
type ExporterStats struct {
	Scrapes    uint64        // answered with metrics
	Rejected   uint64        // answered 503, because 16 were being answered
	CutOff     uint64        // answers that did not reach the client to the end, as of one that reads too slowly
	Denied     uint64        // answered 401, for want of a name and password that WebConfig knows
	Conflicts  uint64        // points left out, because their series was there already, or their name with another type
	Mismatches uint64        // families whose unit or help another source has otherwise; the first holds
	Sources    []SourceStats // nil before the first run
}

// SourceStats are of one source, in the order of Sources. The counters are of all
// runs that had a source of that name.
type SourceStats struct {
	Name        string        // the label of its up
	Up          bool          // how the last collection of the run ended; false before the first
	Hanging     bool          // the last collection is out of time and has not returned
	Duration    time.Duration // of the last collection that has returned
	Points      int           // of the last collection that worked
	Collections uint64        // begun; scrapes at the same time share one
	Failures    uint64        // of them; also those counted below
	Timeouts    uint64        // of them, those that took too long
	Panics      uint64        // of them, those that panicked
	Missed      uint64        // scrapes answered with up 0: of a failure, or because they could not wait so long
	LastError   string        // stays when the source works again
}

// Stats returns a snapshot. It is safe at any time, also while Adapt runs.
func (e *Exporter) Stats() ExporterStats {
	e.mu.Lock()
	slots := e.slots
	e.mu.Unlock()
	c := &e.count
	all := ExporterStats{
		Scrapes:    c.scrapes.Load(),
		Rejected:   c.rejected.Load(),
		CutOff:     c.cutOff.Load(),
		Denied:     c.denied.Load(),
		Conflicts:  c.conflicts.Load(),
		Mismatches: c.mismatches.Load(),
	}
	for _, s := range slots {
		all.Sources = append(all.Sources, s.snapshot())
	}
	return all
}

type counters struct {
	scrapes, rejected, cutOff, denied, conflicts, mismatches atomic.Uint64
}

func (c *counters) scraped(found conflicts, log *slog.Logger) {
	c.scrapes.Add(1)
	if n := uint64(found.points); n > 0 && c.conflicts.Add(n) == n {
		log.LogAttrs(context.Background(), slog.LevelWarn,
			"metrics: points left out, because their series or another type for their name was there already; said once, counted in Stats",
			slog.Int("points", found.points))
	}
	if n := uint64(found.mismatches); n > 0 && c.mismatches.Add(n) == n {
		log.LogAttrs(context.Background(), slog.LevelInfo,
			"metrics: sources give a family another unit or help, the first holds; said once, counted in Stats",
			slog.Int("families", found.mismatches))
	}
}
