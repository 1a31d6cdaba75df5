// Package podtest helps to test building blocks and pods: it puts implementations
// of the three patterns through the lifecycle contract, has a network in memory
// for a whole pod under virtual time, and finds leaked goroutines.
//
// # The contract as tests
//
// [TestSidecar], [TestAmbassador] and [TestAdapter] take a function that returns a
// new value, and try each rule in a subtest of its name:
//
//   - start: the run gets ready, serves, and does not end by itself. A sidecar may
//     return nil when its work is done.
//   - stop: with nothing to finish it returns soon after ctx is done, with nil or
//     the error of ctx.
//   - stop before ready: also if ctx is done while it starts, or before the call.
//   - stop while busy: with connections open, or files that keep growing, it
//     returns when the grace period ends, and not with an error before.
//   - work is finished: a request that is half sent when ctx is done, on an
//     accepted connection, gets its whole answer.
//   - listener closed before the drain: l is closed while connections are open
//     that are still to be finished.
//   - killed: it returns when the pod ends the grace period before its time.
//   - run again: one value runs three times, each with its own ctx and listener.
//   - two runs at once: the second one on a value is refused with an error, or
//     serves as well. The first one is not disturbed, and both stop.
//   - ready, if there is a method Ready: it blocks before, between and after runs
//     until its own ctx ends, and returns nil as long as a run is ready.
//   - nothing left behind: the listener is closed, and so are all accepted
//     connections and, as far as Linux tells, all files. No goroutine is left.
//   - no listener, for an adapter: a nil one is an error, or no matter.
//
// A panic in the called goroutine fails the rule with its stack. Every wait is
// bounded: a block that hangs is named, with the stack where it does, and left to
// itself. One that keeps the rules is through in about two seconds of real time.
//
// Each run has a [sandbox.Sandbox] with a grace period, a logger that writes to the
// test's log, and the machine's network; the listener is a real one on 127.0.0.1,
// the root a real directory, in which logs/podtest.log and podtest.log grow while a
// sidecar is to be busy. Servers that the block dials are the caller's to provide;
// with one that echoes, or answers HTTP, an ambassador is tested best.
//
// These tests see the goroutines and files of the whole process, so nothing else
// may run in parallel with them.
//
// # Virtual time
//
// A [Network] blocks durably, so that whatever runs on it can run in a bubble of
// testing/synctest, net/http on both ends included: a day of requests takes less
// than a second. Inotify, child processes and real sockets stall a bubble.
//
// # Leaks
//
// [NoLeaks], called first in a test, fails it if goroutines are left at its end.
//
// [sandbox.Sandbox]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Sandbox
package podtest
