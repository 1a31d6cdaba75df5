package push

import "sync/atomic"

// Stats is a snapshot of what a [Sink] has done since it was made.
type Stats struct {
	Requests int64 // sent, failed ones included
	Failures int64 // of these, the ones that were not acknowledged
	Splits   int64 // of these, the ones of which the lines were sent again in smaller ones at once
	Bytes    int64 // of the bodies of all requests, compressed

	Lines    int64 // that the server has acknowledged; one that came twice counts twice
	Rejected int64 // that it has not kept of requests that it acknowledged, by OTLP's partial_success
	Dropped  int64 // given up, because it refused them and DropRefused is set
}

// Stats returns a snapshot. It may be called at any time.
func (s *Sink) Stats() Stats {
	n := &s.count
	return Stats{
		Requests: n.requests.Load(),
		Failures: n.failures.Load(),
		Splits:   n.splits.Load(),
		Bytes:    n.bytes.Load(),
		Lines:    n.lines.Load(),
		Rejected: n.rejected.Load(),
		Dropped:  n.dropped.Load(),
	}
}

type counters struct {
	requests, failures, splits, bytes atomic.Int64
	lines, rejected, dropped          atomic.Int64
}
