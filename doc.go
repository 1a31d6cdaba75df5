// Package podpatterns documents a library of composable building blocks for
// multi-container pods. It has no code; where to start is at the end.
//
// # The patterns
//
// A pod is a main container and the helpers around it. One container has one
// responsibility: the main container does its job, and what else it needs is
// given to it by helpers, so that it can stay as it is, whoever wrote it. There
// are three kinds, told apart by purpose:
//
//   - A sidecar extends or enhances the main container through the files that
//     both share: it ships the logs, fetches the content, renews the
//     certificates. It gets the shared directory.
//   - An ambassador takes over the main container's network connections, so that
//     the main container only ever talks to localhost: it routes, balances,
//     retries, encrypts. It gets a listener.
//   - An adapter presents the main container's output in a standard form, so that
//     a monitor reads every pod alike: its metrics, its logs, its health. It gets
//     the shared directory to read from, and a listener to answer on.
//
// A helper with two purposes is two helpers. Where they can't be parted, it is
// what the main container would miss first. So a proxy that discovers services,
// renews its own certificates and counts what it carries is an ambassador: all of
// that is for the connections. One that renews the certificates of the main
// container as well is an ambassador with a sidecar in it, and better parted.
//
// Kubernetes calls every helper a sidecar, because it tells containers apart by
// how they live, and these live beside the main container. Here, too, all three
// kinds live like that.
//
// # The pod
//
// A container of a pod is a building block, a function or a command. The pod
// gives all of them one directory and one loopback, starts them in order, each
// when the one before it is ready, starts those again that fail, with back-off,
// and stops them in reverse order within one grace period, by the rules of
// Kubernetes.
//
// The same definition runs as one process, with goroutines and child processes
// for containers, or as a process for each container, for example in as many
// containers of Kubernetes.
//
// # The lifecycle contract
//
// All building blocks and all containers with a function keep it, whichever their
// kind. "Run" stands for Run, Serve and Adapt.
//
//  1. Stop. The end of Run's context is the call to stop. Run then takes no new
//     work, at once or after a time that the user gave it, finishes what it has
//     taken, and returns nil or the context's own error: both are a clean exit.
//  2. Grace. It finishes under the context of sandbox.Grace, which ends when the
//     pod kills this run or the grace period is over, whichever is first. What is
//     left then is given up, and the error says how much that is.
//  3. Exit. To return nil before the context has ended is to have completed the
//     work; to return an error is to have failed, and the error says what failed
//     and with what input. A panic in the goroutine that called Run is a failure,
//     as is runtime.Goexit. A panic in another goroutine ends the process, as
//     always in Go, so a block lets none happen.
//  4. Again. Run can be called again after it has returned, on the same value,
//     which holds configuration. What must survive a restart is in files. A
//     second call at once is refused with an error; only a function without a
//     state of its own may serve it.
//  5. Listener. A block closes its listener before it waits for anything. Under a
//     pod that ends a lease and not the socket, and who connects meanwhile waits
//     for the next run.
//  6. Ready. A block that is not ready as soon as it runs has a method
//     Ready(context.Context) error, which blocks until the current run is ready
//     or its context ends. What follows in the pod is started after that.
//  7. Observed. A block has a method Stats, which returns a snapshot of counters
//     and gauges at any time. Nothing is lost silently: what can't be saved is
//     counted there and logged once.
//  8. Bounded. The memory, goroutines, descriptors, queues and connections of a
//     block have limits, and its documentation states them. When Run has returned
//     nothing that it started is left.
//
// In return the pod promises that there is never more than one run of a
// container, that a run's context ends before its grace does, and that each run
// gets a new root and a new lease.
//
// # Where to start
//
//   - examples/web is a pod at work: go run ./examples/web -for 10s
//     examples/logcollect and examples/tcpproxy are helpers as programs of their own.
//   - package pod supervises: it has the rules of starting, restarting and
//     stopping, of commands, and of the status.
//   - packages sidecar, ambassador and adapter have the interface that a helper
//     of your own implements, and below them are the building blocks:
//     sidecar/logcollect, ambassador/tcpproxy with ambassador/upstream, and
//     adapter/metrics.
//   - package pod/sandbox is what a helper sees of its pod.
//   - package pod/podtest tests a helper for the contract, and runs a pod on a
//     network in memory.
package podpatterns
