// Package podtest helps to test pods and building blocks: it runs a pod as long as
// a test does and compares what happens with an exact trace, breaks containers and
// the network in the ways that they break, has a network in memory for a whole pod
// under virtual time, and puts implementations of the three patterns through the
// lifecycle contract.
//
// # A guide: the first three tests
//
// The pod under test has a migration that takes two seconds, a sidecar that ships
// logs, and a web server:
//
//	func shop() *pod.Pod {
//		return &pod.Pod{Name: "shop", Network: &podtest.Network{}, Containers: []pod.Container{
//			{Name: "migrate", Init: true, Run: migrate},
//			{Name: "logs", Sidecar: sidecar.Func(ship)},
//			{Name: "web", Run: serve, Listen: "127.0.0.1:80"},
//		}}
//	}
//
// The first test is of the order of start and stop. In a bubble of
// testing/synctest the clock goes on when all that is in it waits, so the times of
// the trace are exact, and take no time:
//
//	func TestStartAndStop(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			r := podtest.Run(t, shop())
//			r.AwaitReady("web")
//			r.ExpectTrace(`
//				0s migrate Started
//				2s migrate Completed
//				2s logs Started
//				2s web Started`)
//			if err := r.Stop(); err != nil {
//				t.Error(err)
//			}
//			r.ExpectTrace(`
//				2s pod Killing: *told to
//				2s web Killing
//				2s web Completed
//				2s logs Killing
//				2s logs Completed`)
//		})
//	}
//
// The second one has the helper crash a second into each of its runs. The web
// server is not to notice, and the back-off is to be that of Kubernetes:
//
//	func TestShipperCrashes(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			p := shop()
//			p.Containers[1] = podtest.Crash(p.Containers[1], 0, time.Second, errors.New("disk full"))
//			r := podtest.Run(t, p)
//			r.AwaitReady("web")
//			time.Sleep(15 * time.Second)
//			r.ExpectTrace(`
//				0s migrate Started
//				2s migrate Completed
//				2s logs Started
//				2s web Started
//				3s logs Error: *disk full
//				3s logs Started
//				4s logs Error
//				4s logs BackOff: *10s*
//				14s logs Started
//				15s logs Error
//				15s logs BackOff: *20s*`)
//			if n := r.Container("web").RestartCount; n != 0 {
//				t.Errorf("the shop was restarted %d times", n)
//			}
//			if r.Stop() == nil {
//				t.Error("the last run of the shipper has failed, and Run has not said so")
//			}
//		})
//	}
//
// The third one restarts the server under load, six times in a virtual minute, and
// no request is to be lost. Everything goes over the network in memory:
//
//	func TestRestartLosesNoRequest(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			p := shop()
//			r := podtest.Run(t, p)
//			r.AwaitReady("web")
//			client := &http.Client{Transport: &http.Transport{DialContext: p.Network.DialContext, DisableKeepAlives: true}}
//			for i := range 60 {
//				if i%10 == 9 {
//					go p.Restart("web")
//				}
//				resp, err := client.Get("http://" + r.Container("web").Address)
//				if err != nil {
//					t.Fatal(err)
//				}
//				resp.Body.Close()
//				time.Sleep(time.Second)
//			}
//			if n := r.Container("web").RestartCount; n != 6 {
//				t.Errorf("%d restarts", n)
//			}
//		})
//	}
//
// # A pod in a test
//
//   - [Run] returns when the pod's listeners are open, and ends the pod in
//     t.Cleanup. The test fails if the pod does not end in its time, if goroutines
//     are left, or if Run returned an error that the test did not take with
//     [Running.Stop] or [Running.Wait].
//   - [Running.Await] waits for an event, [Running.AwaitReady] and
//     [Running.AwaitPhase] for a state. When the time is up the failure shows the
//     status and the trace so far.
//   - [Running.ExpectTrace] compares all that has happened since it was called last.
//     [Trace] says how lines look, and [Trace.Diff] what is compared.
//   - The containers' logs and the trace go to the test's output. Of a test that has
//     failed the pod's status and trace, as they were before the stop, and its error
//     are kept in the artefact directory (go test -artifacts).
//
// Under -race a bubble of Go 1.26 crashes at times, within the race detector, when
// two goroutines at once wait for a timer that is due already, such as time.After
// or time.AfterFunc with 0: wait only for what lies ahead.
//
// What happens at the same instant in different containers has no order but the
// pod's own: two that crash on the same tick of the clock do so in any order.
//
// The goroutines that are looked for are those that carry the pprof label of this
// run, so tests may run in parallel. Callbacks of time.AfterFunc and
// context.AfterFunc don't carry it, nor does what a library had started before; in a
// bubble testing finds those, and outside [NoLeaks] does.
//
// # Faults
//
// [Crash], [Hang], [HangUntil] and [Delay] take a container of any kind but a
// Command, and return one that misbehaves in one of its runs, or in all. They can
// be put around one another. [FailReady], and a probe whose handler is a [Health],
// fail while the test says so. [Network.Cut] has connections hang as when a cable is
// pulled, and [Network.Slow] gives a network latency and a bandwidth. To have one
// refused needs no fault: nobody listens; nor has a reset: it is a Close after
// SetLinger(0).
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
// # Killed processes
//
// [KillLoop] proves that a program loses nothing when it is killed: it starts it,
// kills it with SIGKILL at a random moment and starts it again, 200 times. The
// program is the test binary itself, which its TestMain makes so where a variable
// of the environment says it; the example of KillLoop shows how. The test gives it
// work, and compares at the end what was done with what was to do. Package
// logcollect proves its sinks like that, and its documentation guides through such
// a test of your own sink.
//
// Such a test is worth something if it fails when it should: break the program, so
// that it notes work as done before it is, and see it fail.
//
// # Leaks
//
// [NoLeaks], called first in a test, fails it if goroutines are left at its end.
//
// [sandbox.Sandbox]: https://pkg.go.dev/github.com/podpatterns/podpatterns/pod/sandbox#Sandbox
package podtest
