// Package tcpproxy is an ambassador for layer 4: what connects to its listener
// is joined to one of several upstream addresses, so that the main container
// only ever talks to localhost.
//
//	{Name: "db", Listen: "127.0.0.1:5432", Ambassador: &tcpproxy.Proxy{
//		Upstream: tcpproxy.To("db-1.example:5432", "db-2.example:5432"),
//	}}
//
// # What it guarantees
//
//  1. Bytes arrive as they were sent: all of them, in order, unless a side
//     breaks its connection. They go on at once, whichever side speaks first,
//     and are never held back to be sent together.
//  2. An end is passed on as an end. A side that is done sending still gets
//     all that the other one sends, for as long as it sends. Where an upstream
//     connection has no CloseWrite, the end of the client is not passed on, and
//     its answer is waited for.
//  3. A reset is passed on as a reset, never as an end, so that no answer that
//     was cut is taken for a whole one. Nothing that was sent before it is
//     dropped for it: on Linux it waits until the other side has acknowledged
//     that, on other systems what the kernel has not sent yet is lost. A side
//     that closes with bytes unread resets, by the rules of TCP; what it had
//     sent before is passed on. A unix socket ends where a TCP one is reset.
//  4. A client is joined to the first address that answers, in an order that
//     goes round. If none does within DialTimeout, it is reset. So is it after
//     an Upstream's panic, which does not end the process.
//  5. A slow reader slows its sender down. What the Proxy holds for it is
//     bounded, see below.
//  6. An error of Accept that may pass, as for want of descriptors, is retried
//     after 5 ms, then twice as long each time up to 1 s. Any other ends Serve,
//     which finishes what was accepted before it returns the error.
//  7. When its context is done, Serve closes the listener at once, before it
//     waits for anything. Each connection that was accepted is finished, also
//     one whose upstream is still to be dialled. Those that are left when
//     [sandbox.Grace] ends are reset, and the error says how many they were.
//  8. After Serve has returned, no goroutine, connection or descriptor of it is
//     left, and it can be called again. Two calls at once on one Proxy are one
//     too many: the second is refused, and the first does not notice.
//
// The life of a connection, with what [Stats] counts it as:
//
//	           dial fails                both sides end
//	accepted ─────────────▶ Unserved   ┌───────────────▶ Completed
//	   │                               │  one resets
//	   │      dialled                  ├───────────────▶ ClientResets, UpstreamResets
//	   └─────────────────▶  joined  ───┤  one ends, silence
//	                                   ├───────────────▶ HalfCloseExpired
//	                                   │  drain, silence
//	                                   ├───────────────▶ IdleClosed
//	   in either state                 │  grace ends
//	                                   └───────────────▶ Cut
//
// A connection that is open in both directions may be silent for as long as it
// likes, except in a drain with DrainIdle. What one side has closed, or broken
// with bytes still to arrive, is reset after HalfCloseIdle without a byte. Bytes
// in hand for a reader that has stopped to read do not count as silence at
// first, only if none was acknowledged in HalfCloseIdle, so this takes up to
// twice as long; it needs TCP on Linux on both sides, elsewhere such a reader
// holds its connection until it goes.
//
// # What it takes
//
// Each connection takes two goroutines, two descriptors and less than 10 KB of
// memory in this process while nothing is said on it, and no buffer. Each
// direction with bytes in hand takes a buffer of 16 KiB. On Linux, a direction
// between TCP and TCP or unix sockets that fills four of them in a row is moved
// inside the kernel by splice(2), through a pipe of at most 1 MiB and two more
// descriptors; it gives that back after a second with less than 1 MiB. Besides,
// the kernel has its socket buffers.
//
// No more than MaxConns are open at once. The next ones wait in the listener's
// backlog, which the kernel bounds.
//
// # What an Upstream has to do
//
// [To] is one for fixed addresses, and [UpstreamFunc] makes one of a function.
// Dial is called by many goroutines at once and must return when its context
// ends; a Serve whose Dial does not is never done. Its connections are best
// those of package net: only they are read without a buffer in waiting and
// moved inside the kernel. A TLS client must have done its handshake.
//
// # How to watch it
//
// [Proxy.Stats] counts everything, over all runs. In the log are, as warnings,
// the first failure and, as information, the first success after it: of each
// address of To, and of dialling at all; further, the first of a row of errors of
// Accept, and the first time that MaxConns were open. Why a connection broke is
// logged for debugging only, and no byte of its content ever. In a stack dump, a
// connection is (*pair).serve, which copies from upstream in (*stream).copy, and
// a second (*stream).copy from the client.
//
// # How to test with it
//
// It listens where it is told to and dials through the sandbox, so it runs on
// podtest.Network and in the virtual time of testing/synctest like anything
// else. Times are real ones only towards the kernel: a reset that waits for
// acknowledgements, and splice.
//
// [sandbox.Grace]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Grace
package tcpproxy
