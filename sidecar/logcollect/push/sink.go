package push

import (
	"context"
	"net/http"
	"time"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A Sink sends lines to a server by HTTP. With URL and Format it is ready to use;
// the zero value has neither, and the Collector refuses it. It must be the Sink of
// one Collector at a time and must not be copied, and its fields must not be
// changed while the Collector runs.
type Sink struct {
	// URL is where to POST to, in full, http or https, such as
	// http://loki:3100/loki/api/v1/push or http://otel:4318/v1/logs. A user and
	// password in it are sent as basic authorization. It must not be empty.
	URL string

	// Format is what a request looks like: [NDJSON], [Loki] or [OTLP]. It must not
	// be nil.
	Format Format

	// Headers are added to each request, as Authorization, and take the place of
	// those that Format sets. Their values are never in an error or a log. nil: none.
	Headers map[string]string

	// Client sends the requests, for TLS of one's own, a proxy, or tokens that
	// change. Its CheckRedirect is not used: no redirect is followed. nil: one that
	// dials through [sandbox.Dial], knows HTTP/2 with https, uses no proxy whatever
	// the environment says, and is closed when the Collector's run ends.
	Client *http.Client

	// Compression of the requests. Empty: what Format states as its default.
	Compression Compression

	// MaxRequestBytes is how large a request may be before compression. One of a
	// single longer line is larger. A server that answers 413 is sent ones of half
	// the size, which grow again slowly. 0: 2 MiB; negative: an error.
	MaxRequestBytes int

	// Timeout is how long one request may take, its answer included. 0: 30 s;
	// negative: an error.
	Timeout time.Duration

	// Interval is how far apart requests begin at least, so that lines that come one
	// by one are sent many at once. A line that comes after a while is sent at once,
	// and batches of 64 KiB or more don't wait. 0: 200 ms; negative: none waits.
	Interval time.Duration

	// Time takes the time from a line, which is without its end and must be neither
	// changed nor kept. It is called at least once for each line. false: the line
	// has none. nil: no line has. See the formats for what stands in then.
	Time func(path string, line []byte) (time.Time, bool)

	// DropRefused gives up a line that the server refuses by itself, with 400, 413 or
	// 422. It is logged as an error, and counted in Stats. By default it is tried
	// again until the server takes it or the run ends, and what follows waits. Of a
	// server that refuses everything, as one that is set up wrongly may, everything
	// is given up.
	DropRefused bool

	run    *run      // nil: none yet
	clock  int64     // of the last line's reading, in ns; each line has a time of its own
	asked  time.Time // the server asked not to be sent anything before
	paced  time.Time // small batches are not sent before
	logged map[string]time.Time
	count  counters
}

var _ logcollect.Sink = (*Sink)(nil)

const (
	defaultMaxRequestBytes = 2 << 20
	defaultTimeout         = 30 * time.Second
	defaultInterval        = 200 * time.Millisecond
)

// largeBatch is the size from which on a batch is not made to wait for more.
const largeBatch = 64 << 10

// Write implements [logcollect.Sink]. It returns nil when the server has
// acknowledged every line, and an error when one request has failed; if the same
// batch is then written again, with the same context, it goes on behind the lines
// that were acknowledged.
func (s *Sink) Write(ctx context.Context, batch logcollect.Batch) error {
	r, err := s.begin(ctx)
	if err != nil {
		return err
	}
	if r.failed == nil && len(batch.Lines) < largeBatch {
		if err := sleepUntil(ctx, s.paced); err != nil {
			return err
		}
	}
	if err := sleepUntil(ctx, s.asked); err != nil {
		return err
	}
	t, began := r.resume(batch, s.clock), time.Now()
	for {
		p := r.encode(batch, t)
		if p.lines == 0 {
			break
		}
		if err := s.deliver(ctx, t, p); err != nil {
			r.failed = t.of(batch)
			return err
		}
	}
	s.clock = t.base + t.next.line
	s.paced = began.Add(s.interval())
	return nil
}

func (s *Sink) maxRequestBytes() int {
	if s.MaxRequestBytes == 0 {
		return defaultMaxRequestBytes
	}
	return s.MaxRequestBytes
}

func (s *Sink) timeout() time.Duration {
	if s.Timeout == 0 {
		return defaultTimeout
	}
	return s.Timeout
}

func (s *Sink) interval() time.Duration {
	if s.Interval == 0 {
		return defaultInterval
	}
	return s.Interval
}
