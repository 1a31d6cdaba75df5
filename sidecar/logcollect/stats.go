package logcollect

import "sync/atomic"

// Stats is a snapshot of what a [Collector] does: gauges of the current run, and
// counters of all its runs. Bytes are those of the files: a newline that was
// added is not counted.
type Stats struct {
	Files     int64 // followed now, earlier generations that still exist included
	OpenFiles int64 // of these, held open
	Lag       int64 // bytes that were seen in files and are not delivered yet; after a run, what it left

	Lines   int64 // delivered: the sink has taken them; with Multiline events
	Bytes   int64 // of these lines, in the files
	Batches int64 // in which they were delivered

	Rotations      int64 // times that a file took the place of another one
	Truncations    int64 // times that a file was cut or rewritten, and was begun again
	LongLines      int64 // pieces of lines that were longer than MaxLineBytes, the last pieces not counted
	TruncatedLines int64 // lines that were longer than MaxLineBytes and truncated
	TruncatedBytes int64 // of these lines, what was dropped
	PartialLines   int64 // lines that their file ended without a newline, and that were delivered with one
	LostBytes      int64 // bytes that were seen in a file, and that went before they could be read
	MissingFiles   int64 // files that were not there any more when a run began, so that their last lines may be missing
	HoleBytes      int64 // NULs that were skipped, because a writer that went on behind a truncation left them

	SinkErrors         int64 // failed Writes, panics included; each was tried again
	CheckpointErrors   int64 // failures to write the checkpoint; each was tried again
	CheckpointsRefused int64 // checkpoints that were damaged, so that all files were begun again
	ReadErrors         int64 // failures to find, open or read a file; each was tried again
	RefusedLinks       int64 // links that were not followed, because they lead out of the root or in a circle
}

// Stats returns a snapshot. It may be called at any time.
func (c *Collector) Stats() Stats {
	n := &c.count
	return Stats{
		Files:     n.files.Load(),
		OpenFiles: n.open.Load(),
		Lag:       n.lag.Load(),

		Lines:   n.lines.Load(),
		Bytes:   n.bytes.Load(),
		Batches: n.batches.Load(),

		Rotations:      n.rotations.Load(),
		Truncations:    n.truncations.Load(),
		LongLines:      n.long.Load(),
		TruncatedLines: n.truncated.Load(),
		TruncatedBytes: n.truncatedBytes.Load(),
		PartialLines:   n.partial.Load(),
		LostBytes:      n.lost.Load(),
		MissingFiles:   n.missing.Load(),
		HoleBytes:      n.hole.Load(),

		SinkErrors:         n.sinkErrors.Load(),
		CheckpointErrors:   n.checkpointErrors.Load(),
		CheckpointsRefused: n.checkpointsRefused.Load(),
		ReadErrors:         n.readErrors.Load(),
		RefusedLinks:       n.refused.Load(),
	}
}

type counters struct {
	files, open, lag                     atomic.Int64
	lines, bytes, batches                atomic.Int64
	rotations, truncations               atomic.Int64
	long, partial, lost, hole            atomic.Int64
	truncated, truncatedBytes            atomic.Int64
	refused, missing                     atomic.Int64
	sinkErrors, readErrors               atomic.Int64
	checkpointErrors, checkpointsRefused atomic.Int64
}
