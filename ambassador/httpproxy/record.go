package httpproxy

import (
	"log/slog"
	"net/netip"
	"time"
)

// A Record is what became of a request, for [Log] and [Trace].
type Record struct {
	Route    string        // the name of its Route; empty: of none
	Part     string        // of the route's Split; empty: of none
	TraceID  string        // of its traceparent
	Client   netip.Addr    // where it came from, see Forwarded; not valid: of a unix socket
	Method   string        // as it came
	Host     string        // as it came
	Path     string        // as it came, without the query
	Proto    string        // of the client's connection, as "HTTP/1.1"
	Status   int           // of the answer; 0: there was none
	Own      bool          // the answer is this proxy's own
	BytesIn  int64         // of the request's body
	BytesOut int64         // of the answer's body
	Endpoint string        // the address that was tried last; empty: none
	Tries    int           // how often it was sent
	Began    time.Time     // when its head was there
	Took     time.Duration // until all of the answer was sent
	Upstream time.Duration // of that, from the last try's beginning until the head of its answer
	Err      error         // why there is no whole answer; nil: there is
}

// record makes the Record of x, at its end.
func (x *exchange) record(took time.Duration) Record {
	r := Record{
		TraceID:  x.pol.traceID,
		Client:   x.from(),
		Method:   x.method,
		Host:     x.pol.host,
		Path:     x.pol.path,
		Proto:    protoOf(x.major, x.minor),
		Status:   x.status,
		Own:      x.own,
		BytesIn:  x.bytesIn,
		BytesOut: x.bytesOut,
		Endpoint: x.endpoint,
		Tries:    x.tries,
		Began:    x.began,
		Took:     took,
		Upstream: x.took,
		Err:      x.err,
	}
	if x.pol.plan != nil {
		r.Route = x.pol.plan.name
	}
	if x.pol.part != nil {
		r.Part = x.pol.part.name
	}
	return r
}

func protoOf(major, minor int) string {
	switch {
	case major == 2:
		return "HTTP/2.0"
	case minor == 0:
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// failed tells whether a request has to be in the log whatever its Share.
func (r *Record) failed() bool { return r.Err != nil || r.Status == 0 || r.Status >= 500 }

// attrs are those of r that are known.
func (r *Record) attrs(add func(...slog.Attr)) {
	add(slog.String("method", r.Method), slog.String("host", r.Host), slog.String("path", r.Path),
		slog.String("proto", r.Proto), slog.Int("status", r.Status), slog.Duration("took", r.Took),
		slog.Int64("in", r.BytesIn), slog.Int64("out", r.BytesOut))
	if r.Client.IsValid() {
		add(slog.String("client", r.Client.String()))
	}
	for _, s := range []struct{ name, value string }{
		{"route", r.Route}, {"part", r.Part}, {"endpoint", r.Endpoint}, {"trace", r.TraceID},
	} {
		if s.value != "" {
			add(slog.String(s.name, s.value))
		}
	}
	if r.Tries > 0 {
		add(slog.Int("tries", r.Tries), slog.Duration("upstream", r.Upstream))
	}
	if r.Own {
		add(slog.Bool("own", true))
	}
	if r.Err != nil {
		add(slog.Any("err", r.Err))
	}
}
