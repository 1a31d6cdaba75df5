package httpproxy

import (
	"cmp"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// Shadow sends copies of requests to another upstream, whose answers are dropped.
// The client does not notice: a copy is sent once all of the request is there, and
// if it is short enough, by a goroutine of its own; where too many are out already it
// is dropped, and counted. A copy has the request's fields, with "-shadow" added to
// its host, as Envoy does.
type Shadow struct {
	// Upstream is where the copies go. nil: an error.
	Upstream *upstream.Cluster

	// HTTP2 has it be spoken to in HTTP/2.
	HTTP2 bool

	// Percent is how many of the requests are copied, by chance. 0: 100; negative:
	// none; more than 100, or no number: an error.
	Percent float64

	// Concurrent is how many copies there are at once. 0: 100; negative: an error.
	Concurrent int

	// MaxBody is the longest body that is copied, in bytes. Each copy that is being
	// made may hold so much. A longer one is not copied, nor is what asks to leave
	// HTTP. 0: 64 KiB; negative: only those without a body.
	MaxBody int

	// Timeout is how long a copy may take until all of its answer is there.
	// 0: 5 s; negative: an error.
	Timeout time.Duration
}

func (s *Shadow) percent() float64       { return max(cmp.Or(s.Percent, 100), 0) }
func (s *Shadow) concurrent() int64      { return int64(cmp.Or(s.Concurrent, 100)) }
func (s *Shadow) maxBody() int64         { return int64(max(cmp.Or(s.MaxBody, 64<<10), 0)) }
func (s *Shadow) timeout() time.Duration { return cmp.Or(s.Timeout, 5*time.Second) }

// ShadowStats is a snapshot of a [Shadow]. Each request that was chosen is in
// Dropped, or is one that was sent and so, when that is over, in Answered or Failed.
type ShadowStats struct {
	Active   int64 // copies that are under way or being made
	Answered int64 // that were answered, with whatever status
	Failed   int64 // that were not
	Dropped  int64 // because Concurrent were out, the body was too long, or was not all there
}

type shadowCounters struct{ active, answered, failed, dropped atomic.Int64 }

func (c *shadowCounters) snapshot() ShadowStats {
	return ShadowStats{Active: c.active.Load(), Answered: c.answered.Load(), Failed: c.failed.Load(), Dropped: c.dropped.Load()}
}

// validate returns what is wrong with s's fields.
func (s *Shadow) validate() error {
	switch {
	case s == nil:
	case s.Upstream == nil:
		return fmt.Errorf("Upstream: nil, so there is nowhere to send copies")
	case !(s.Percent <= 100):
		return fmt.Errorf("Percent: %v is not a share of up to 100", s.Percent)
	case s.Concurrent < 0:
		return fmt.Errorf("Concurrent: %d is negative", s.Concurrent)
	case s.Timeout < 0:
		return fmt.Errorf("Timeout: %v is negative", s.Timeout)
	}
	return nil
}
