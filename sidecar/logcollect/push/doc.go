// Package push has the sinks of package logcollect for servers: lines are sent by
// HTTP as NDJSON, to Loki, or by OTLP to the OpenTelemetry Collector and all that
// understands it.
//
//	logs := &logcollect.Collector{
//		Include: []string{"logs/**/*.log"},
//		Sink: &push.Sink{
//			URL:    "http://loki:3100/loki/api/v1/push",
//			Format: push.Loki{Labels: map[string]string{"job": "shop"}},
//		},
//	}
//
// # What is guaranteed
//
//  1. Every line is acknowledged by the server at least once: only then does the
//     checkpoint move on. What is acknowledged is an answer of 2xx, read to its end,
//     to a request that was sent to its end.
//  2. The lines of a file are sent in their order. There is one request at a time,
//     and a later line is never sent before an earlier one was acknowledged or, if
//     that was asked for, given up.
//  3. Twice comes at most what is in one batch of the Collector: the request whose
//     answer was lost or, after a kill, the whole batch. In the same run a batch that
//     failed goes on behind the requests that were acknowledged.
//  4. No failure is hidden. Each is an error of Write, which the Collector logs and
//     counts, and after which it tries again, after 20 ms and up to 2 s. Splitting a
//     request is the exception, and is counted in Stats.
//  5. Nothing is given up unless DropRefused says so, or OTLP's partial_success says
//     that it is gone. Both are logged as errors, once a minute, and all counted.
//
// # Which answer has which effect
//
//	2xx                     acknowledged
//	2xx, but HTML           an error: a page for people is no acknowledgement
//	OTLP partial_success    acknowledged; what is rejected is logged and counted
//	413                     the request is sent again in halves, and later ones grow
//	                        again slowly; one of a single line is refused
//	400, 422                the line that is to blame is looked for by halves: those
//	                        before it are delivered, and it is refused
//	429, 503 and others     an error; with Retry-After nothing is sent before that
//	with Retry-After        time has come, for 5 min at most
//	any other answer        an error: 3xx, as no redirect is followed; 401, 403, 404
//	                        and other 4xx, which are not for the lines; 5xx
//	no answer               an error: no connection, none in time, one that broke off
//
// A line that is refused is tried again, alone, every 2 s until the server takes
// it or the run ends, and everything behind it waits in the files. It is logged as
// an error each minute. With DropRefused it is given up at once instead, and the
// ones behind it are sent. Others give up the whole request then, and OTLP asks for
// that with a 400; set DropRefused where one bad line must not hold up the rest.
//
// # Requests
//
// A batch of up to 1 MiB is one request of at most MaxRequestBytes, or several.
// While one is under way, and until Interval has passed, the Collector fills the
// next batch: after a stop that is 200 ms at most for each of the last two. A line's
// end, which is LF or CR LF, is not sent. A line that the Collector has cut
// because of its MaxLineBytes is sent as several.
//
// # Secrets
//
// Errors and logs have of the URL no user, password or query, and of the Headers
// no value. They do have the beginning of what the server answered, and of a line
// that it refused.
//
// # Limits
//
// Memory: two buffers of MaxRequestBytes, one before compression and one after,
// more for a longer line; 64 KiB of an answer; and for up to 1,000 files their
// labels or attributes. One connection, or the Client's. Nothing is left when the
// Collector's run has ended, except by a Client of one's own.
package push
