// Package httpproxy is an ambassador for layer 7: each request that a client sends
// to its listener goes to one of several endpoints, so that the main container
// only ever talks to localhost.
//
//	{Name: "api", Listen: "127.0.0.1:8080", Ambassador: &httpproxy.Proxy{
//		Upstream: &upstream.Cluster{
//			Endpoints: upstream.DNS{Host: "api.example:8080"},
//			Ejection:  &upstream.Ejection{},
//		},
//		Retry: &httpproxy.Retry{},
//	}}
//
// # What it guarantees
//
//  1. A head is forwarded only as this package has understood it: it is parsed, and
//     written anew. Malformed lines, names, values and targets, a bare CR, an LF
//     alone, NUL, no Host or two, and lengths that are malformed or differ are
//     answered with 400, and what follows on the connection is not looked at. A
//     transfer coding but chunked is 501, another version 505, a long line 414, a
//     long header 431, a long body 413, a slow header 408. Where
//     Transfer-Encoding and Content-Length are there, the first wins, the second
//     goes, and the connection ends; obs-fold becomes a space; chunk extensions
//     go. Endpoints may end the lines of a head with LF alone; else what would be
//     refused of a client is 502 of an endpoint.
//  2. Path and query stay as they are, byte for byte, as do the order and the case
//     of fields in HTTP/1. Fields between neighbours go, and those that Connection
//     names. TE: trailers, and Upgrade but to h2c, are kept.
//  3. An answer that breaks off is reset, in HTTP/2 as a stream, so that nobody takes
//     it for a whole one.
//  4. What has come is sent on at once: events, chunks, interim answers. Both bodies
//     may be under way at the same time. Trailers are passed on, but those that a
//     receiver must not find there.
//  5. An answer that comes before the whole request reaches the client, and the
//     connection is closed behind it so that it can be read.
//  6. A client that leaves, or closes its half, ends what is done for it, and counts
//     against nobody. It is looked for from 10 ms on. Only a tunnel is half-open.
//  7. A kept connection that its endpoint has closed, or said something on that
//     nobody asked for, is not used. If that can't be seen in time, GET, HEAD,
//     OPTIONS, TRACE, PUT and DELETE are sent again on a new one at once.
//  8. When its context is done, Serve closes the listener. Answers say that they are
//     the last, in HTTP/2 GOAWAY does. A connection between two requests is kept for
//     DrainIdle, a new one for 5 s, and either for no more than half of the grace
//     period. What is left when [sandbox.Grace] ends is reset.
//  9. After Serve has returned, no goroutine, connection or descriptor of it is left,
//     and it can be called again. Two calls at once are one too many.
//
// # What a connection takes
//
// In HTTP/1, a goroutine and a buffer of 16 KiB, also while it waits; with a request
// in hand one more buffer, and one more goroutine while a body is sent that has not
// come with its head, or while an answer takes more than 10 ms. A head has at most 256
// fields, one of an answer 256 KiB. On Linux what is left of an answer of a known
// length is moved inside the kernel from 128 KiB on, if one side is TCP. HTTP/2 is
// that of net/http, on either side. A request in HTTP/1 takes three allocations. Idle
// connections to endpoints are closed up to a second late.
//
// # What becomes of a request
//
// In this order: its [Route] is found, and the [Part] of that if it is split;
// [Trace] begins; it waits for [Limits]; its [Key] is taken; [Rewrite] changes it,
// and then what [Forwarded] says is put in; a copy goes to the [Shadow]; it is sent,
// and as [Retry] says sent again; the answer's fields are rewritten. When all is
// over it is counted, logged by [Log], and Trace ends.
//
//  1. What no policy asks for is not done: without Retry nothing of a body is kept,
//     without a Log or a Trace no trace is begun.
//  2. A request is tried again only where that can't be told from a single try: see
//     [Retry]. There are never more than Tries of one, and together not more retries
//     than the [Budget] has.
//  3. Of an answer that is not passed on the client sees nothing. If no try has a
//     better one, the last that there was is passed on, with its body.
//  4. A client that leaves counts against no endpoint, and ends all that is done for
//     it, waiting included; but not the copy that a Shadow has of it.
//  5. A Shadow never holds a request up, nor a stop. What it can't do is dropped.
//  6. Equal keys have the same part of a Split, everywhere and always, and keep it
//     when weights change unless they have to move.
//  7. What a client says of where it comes from is believed only of proxies that are
//     [Forwarded].Trusted.
//
// # What it takes
//
// Retry keeps up to MaxBody of each request that has a body and is under way, and of
// an answer that is held until a better one is there, its connection. A Shadow has
// Concurrent goroutines, connections and bodies of MaxBody at most, and Limits have
// Queue requests waiting. A route has a histogram of 2 KiB, and one for each of its
// endpoints, of which it remembers 1,024. The policies take about half a microsecond
// of a request, and no memory; a traceparent takes 64 bytes, and a record of the log
// what its handler takes.
//
// # Parts alone
//
// [Retry.RoundTripper], [Limits.RoundTripper] and [Limits.Handler] are for programs
// that want no more than these. [Proxy.ServeHTTP] and [Proxy.RoundTrip] have all of
// it, without a listener.
//
// # Standards
//
// Which requests are repeated is RFC 9110, 9.2.2 and RFC 9113, 8.7; Retry-After is
// that of RFC 9110, 10.2.3, as seconds and as a date. Forwarded is RFC 7239.
// traceparent and tracestate are W3C Trace Context, level 2. The buckets of a
// [Histogram] are those of native histograms of Prometheus, schema 3.
//
// # How to watch it
//
// [Proxy.Stats] counts, and by route and endpoint has histograms of latency, to the
// end of the answer and to the head of it. A Log has a record for each request, and
// always for those that fail.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
package httpproxy
