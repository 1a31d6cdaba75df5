package metrics

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Stats are counters over the life of an [Exporter]'s value, all its runs, and
// gauges of its current run, or the last.
type Stats struct {
	Scrapes   uint64        // answered with metrics
	Rejected  uint64        // answered 503, because 16 were being answered
	Conflicts uint64        // points left out, because another source gave their series, or their name another type
	Sources   []SourceStats // nil before the first run
}

// SourceStats are of one source, in the order of Sources. The counters are of all
// runs that had a source of that name.
type SourceStats struct {
	Name        string // the label of its up
	Up          bool   // how the last collection of the run ended; false before the first
	Hanging     bool   // the last collection is out of time and has not returned
	Collections uint64 // begun; scrapes at the same time share one
	Failures    uint64 // of them; also those counted below
	Timeouts    uint64 // of them, those that took too long
	Panics      uint64 // of them, those that panicked
	Missed      uint64 // scrapes answered with up 0: of a failure, or because they could not wait so long
	LastError   string // stays when the source works again
}

// Stats returns a snapshot. It is safe at any time, also while Adapt runs.
func (e *Exporter) Stats() Stats {
	e.mu.Lock()
	slots := e.slots
	e.mu.Unlock()
	all := Stats{
		Scrapes:   e.count.scrapes.Load(),
		Rejected:  e.count.rejected.Load(),
		Conflicts: e.count.conflicts.Load(),
	}
	for _, s := range slots {
		all.Sources = append(all.Sources, s.snapshot())
	}
	return all
}

type counters struct {
	scrapes, rejected, conflicts atomic.Uint64
}

func (c *counters) scraped(conflicts int, log *slog.Logger) {
	c.scrapes.Add(1)
	if conflicts > 0 && c.conflicts.Add(uint64(conflicts)) == uint64(conflicts) {
		log.LogAttrs(context.Background(), slog.LevelWarn,
			"metrics: points left out, because their series or another type for their name was there already; said once, counted in Stats",
			slog.Int("points", conflicts))
	}
}
