// Package upstream is what ambassadors share: where the upstream is, which of its
// endpoints to use, whether they are well, and how to dial them. A [Cluster] has
// all of it, and is an upstream for ambassador/tcpproxy:
//
//	{Name: "db", Listen: "127.0.0.1:5432", Ambassador: &tcpproxy.Proxy{
//		Upstream: &upstream.Cluster{
//			Endpoints: upstream.DNS{Host: "db.example:5432"},
//			Check:     &upstream.Check{},
//			Ejection:  &upstream.Ejection{},
//		},
//	}}
//
// Nothing but Endpoints has to be there. A nil Check, Ejection or Breaker is none,
// and &upstream.Check{} one with the defaults that its fields state.
//
// # The parts
//
//   - A [Source] finds endpoints: [To] and [Static] for fixed ones, [File], [DNS],
//     and [SourceFunc] for one of your own.
//   - A [Balancer] chooses one: [LeastRequests], [RoundRobin], [PeakEWMA], [Maglev].
//   - [Check] asks them whether they are well, with a [Checker]: [TCP], [HTTP],
//     [GRPC], [Redis], or [CheckerFunc]. [Ejection] and [Breaker] judge by what
//     becomes of their use. SlowStart has those that are new, or well again, begin
//     with little, and PanicThreshold uses all when too few are well.
//   - [Cluster.Dial] connects, with TLS and the PROXY header, and tries the next
//     endpoint when one fails. [Cluster.Pick] is for what reports on requests and
//     keeps connections of its own, as layer 7 does.
//
// # What it guarantees
//
//  1. A set of endpoints that can't be had, or is wrong in any way, changes
//     nothing: the last good one stays. An empty set is a set, and a Source says
//     when it means that.
//  2. An endpoint that leaves the set gets nothing new. What it has goes on, and
//     who keeps it for later is told by [Lease.Gone]. One that stays, or comes
//     back while it has leases, keeps its counters and all that is known of it.
//  3. Only an endpoint's own failures count against it. These do not: that the
//     client has left, that a limit was reached, that this process has no
//     descriptors, ports, memory or certificate.
//  4. Ejection and Check never leave nothing to use, unless PanicThreshold says
//     so. A Breaker does.
//  5. No endpoint is tried twice in one Dial, and those of a lower Priority are
//     all tried before one of a higher. Each has an even share of the time.
//  6. No lock is held while anything is dialled, asked, read or logged. A Pick
//     takes a time that does not grow with the number of endpoints, or with its
//     logarithm for RoundRobin, and one allocation; only one that comes a second
//     time, or finds endpoints full, looks at all of them.
//  7. Connections of Dial are as those of package net below them: see there.
//  8. When Run has returned, no goroutine or connection of it is left. One Run
//     discovers and checks, however many there are at once, and the next takes
//     over when it ends.
//
// The states of an endpoint, as [Stats] has them:
//
//	           first check        Fall failures
//	unchecked ────────────▶ healthy ─────────▶ unhealthy
//	                        ▲  │  ▲  ◀───────── Rise passes
//	        Ejection's time │  │  │
//	             is over    │  ▼  └───────────┐ Trials successes
//	                       ejected            │
//	                  Failures in a row       │
//	   healthy ────────▶ open ──────────▶ half-open
//	                       ▲   OpenFor       │
//	                       └─────────────────┘ a failure
//
// From any of them, one that is no longer in the set is draining for as long as it
// has leases. What is worst is what is shown: open, unchecked, unhealthy, ejected,
// half-open. Healthy and half-open ones are used, in a panic all that are not open.
//
// # What it takes
//
// A Run takes one goroutine, and with a Check another and one for each endpoint,
// which holds one connection for no longer than Timeout. DNS asks for both families
// at once, and for at most eight targets of a service. A Dial that races addresses
// (RFC 8305) has a goroutine and a connection for each that is under way, every
// 250 ms one more. There are at most 10,000 endpoints, 256 targets of a service,
// and 4 MiB of a file. Maglev takes 4 bytes a slot, 256 KiB by default, and some
// milliseconds for each change of an endpoint's state.
//
// # Standards
//
// DNS is that of RFC 1035, over UDP with EDNS (RFC 6891) and 1,232 bytes, then over
// TCP if the answer was cut; every question has a socket and an id of its own, and
// an answer is one to exactly that question (RFC 5452), of which only what its chain
// of CNAMEs leads to is used. Services are those of RFC 2782, negative answers
// those of RFC 2308, TTLs those of RFC 2181. Names have to be ASCII. There is no
// DNSSEC. Addresses of one name are raced as RFC 8305 says, with what package net
// does for endpoints that are names. The PROXY header is that of HAProxy's
// proxy-protocol.txt. TLS 1.2 is the least.
//
// # How to watch it
//
// [Cluster.Stats] counts, endpoint by endpoint. In the log is a line for each
// change: of the set, of an endpoint's state, of the panic, of certificates, and
// the first of a row of the same errors. None is for a connection. A breaker that
// opens again after a trial is logged for debugging only.
//
// # How to test with it
//
// It dials, and asks name servers, through the sandbox, reads files under its root,
// and keeps time by package time alone, so a whole cluster with its name server
// runs on podtest.Network in a bubble of testing/synctest.
package upstream
