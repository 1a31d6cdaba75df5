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
package httpproxy
