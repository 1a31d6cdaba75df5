// Package tcpproxy is an ambassador for layer 4: what connects to its listener
// is joined to one of several upstream addresses, so that the main container
// only ever talks to localhost.
//
//	{Name: "db", Listen: "127.0.0.1:5432", Ambassador: &tcpproxy.Proxy{
//		Upstream: tcpproxy.To("db-1.example:5432", "db-2.example:5432"),
//	}}
//
// With an upstream.Cluster as its Upstream it finds the endpoints, chooses among
// those that are well, speaks TLS to them, and begins with a PROXY header:
//
//	Upstream: &upstream.Cluster{
//		Endpoints: upstream.DNS{Host: "db.example:5432"},
//		Check:     &upstream.Check{},
//		TLS:       &upstream.TLS{},
//	},
//
// It ends TLS with [Proxy.TLS], routes it by server name with [Proxy.Routes], and
// takes PROXY headers of [Proxy.ProxyFrom].
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
//     sent before is passed on. A unix socket ends where a TCP one is reset. In
//     TLS a close_notify is an end, and so, as crypto/tls has it, is a FIN
//     without one; a reset goes on without a close_notify.
//  4. A client is joined to the first address that answers, in an order that
//     goes round. If none does within DialTimeout, it is reset. So is it after
//     an Upstream's panic, which does not end the process. On Linux a dial that
//     takes more than 20 ms is given up when its client has reset, or closed its
//     unix socket; one that has closed its half may still want its answer.
//  5. A slow reader slows its sender down. What the Proxy holds for it is
//     bounded, see below.
//  6. An error of Accept that may pass, as for want of descriptors, is retried
//     after 5 ms, then twice as long each time up to 1 s. Any other ends Serve,
//     which finishes what was accepted before it returns the error.
//  7. When its context is done, Serve closes the listener, at once or when
//     DrainAccept is over. Each connection that was accepted is finished, also
//     one whose upstream is still to be dialled. Those that are left when
//     [sandbox.Grace] ends are reset, and the error says how many they were.
//  8. What comes before a client's bytes is checked before anything is dialled:
//     first the PROXY header, in any number of pieces and of up to 4 KiB, then the
//     ClientHello or the TLS handshake. A client of ProxyFrom without a header, one
//     whose TLS is none, or asks for a server that is in no route if there is no
//     Upstream, and one that takes longer than HandshakeTimeout, is reset.
//     The bytes after it go on as they came.
//  9. After Serve has returned, no goroutine, connection or descriptor of it is
//     left, and it can be called again. Two calls at once on one Proxy are one
//     too many: the second is refused, and the first does not notice.
//
// The life of a connection, with what [Stats] counts it as:
//
//	           greeting is wrong, or slow
//	accepted ────────────────────────────▶ Refused
//	   │       its address has too many
//	   ├─────────────────────────────────▶ Crowded
//	   │       dial fails
//	   ├─────────────────────────────────▶ Unserved
//	   │                                     both sides end
//	   │      dialled                      ┌───────────────▶ Completed
//	   └─────────────────▶  joined  ───────┤  silence
//	                                       ├───────────────▶ IdleExpired
//	                                       │  one ends, silence
//	                                       ├───────────────▶ HalfCloseExpired
//	                                       │  drain, silence
//	                                       └───────────────▶ IdleClosed
//	in each state: the client, or upstream, resets ────────▶ ClientResets, UpstreamResets
//	               grace ends ─────────────────────────────▶ Cut
//
// A connection that is open in both directions may be silent for as long as Idle
// says, which by default is for ever, and in a drain as DrainIdle says. What one
// side has closed, or broken with bytes still to arrive, is reset after
// HalfCloseIdle without a byte. Bytes in hand for a reader that has stopped to
// read do not count as silence at first, only if none was acknowledged in Idle or
// HalfCloseIdle, so this takes up to twice as long; it needs TCP on Linux on both
// sides, elsewhere such a reader holds its connection until it goes. On Linux
// UserTimeout ends that sooner, as it does with a peer that is dead.
//
// # What it takes
//
// Each connection takes two goroutines, two descriptors and less than 10 KB of
// memory in this process while nothing is said on it, and no buffer. Each
// direction with bytes in hand takes a buffer of 16 KiB. On Linux, a direction
// between TCP and TCP or unix sockets that fills four of them in a row is moved
// inside the kernel by splice(2), through a pipe of at most 1 MiB and two more
// descriptors; it gives that back after a second with less than 1 MiB. Besides,
// the kernel has its socket buffers. Neither a PROXY header, a route nor a limit
// changes that, but TLS that begins or ends here does: its bytes cannot be
// spliced, and it holds its buffers, some 30 KB, while it waits. Up to 16
// goroutines wait to dial for the next clients.
//
// No more than MaxConns are open at once. The next ones wait in the listener's
// backlog, which the kernel bounds; so do those that Rate holds up.
//
// # What an Upstream has to do
//
// [To] is one for fixed addresses, and [UpstreamFunc] makes one of a function.
// Dial is called by many goroutines at once and must return when its context
// ends; a Serve whose Dial does not is never done. Its connections are best
// those of package net, or say by Raw which one of these is below: only they are
// read without a buffer in waiting and moved inside the kernel. A TLS client must
// have done its handshake.
//
// PROXY headers to the upstream are a Cluster's: with fixed addresses too, as
// upstream.To gives it. The key that it hashes is the client's IP address.
//
// # How to watch it
//
// [Proxy.Stats] counts everything, over all runs. In the log are, as warnings,
// the first failure and, as information, the first success after it: of each
// address of To, and of dialling at all; further, the first of a row of errors of
// Accept, the first time that MaxConns were open, and the first client of a run
// that was refused. Why a connection broke is
// logged for debugging only, and no byte of its content ever. In a stack dump, a
// connection is (*pair).serve until it is dialled, and then two (*stream).copy, one
// for each direction; (*run).work alone waits for the next one.
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
