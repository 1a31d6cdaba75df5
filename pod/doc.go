// Package pod supervises a main container and the helpers around it: as
// goroutines and child processes of one program, with the semantics of a
// Kubernetes pod.
//
//	p := &pod.Pod{
//		Name: "web",
//		Containers: []pod.Container{
//			{Name: "migrate", Init: true, Command: []string{"migrate", "up"}},
//			{Name: "logs", Sidecar: collector},
//			{Name: "db", Ambassador: proxy, Listen: "127.0.0.1:5432"},
//			{Name: "metrics", Adapter: exporter, Listen: "0.0.0.0:9102"},
//			{Name: "web", Run: serve, Listen: "127.0.0.1:8080"},
//		},
//	}
//	err := p.Run(ctx)
//
// # What is guaranteed
//
// Facts about Kubernetes have numbers here (K8), which the tests carry in their
// names.
//
//  1. Init containers and helpers start in list order, each when the one before
//     has passed its gate: an init container has exited with 0, a helper has
//     started, that is its PostStart has returned, its Startup probe has succeeded
//     and, if its block has Ready(context.Context) error, that has returned nil.
//     The main containers follow, in list order, each when the PostStart of the one
//     before has returned (K7, K8, K11). A helper that fails later holds nothing
//     back (K9).
//  2. A container is started again as its policy says (K1 to K3): at once the
//     first time, then 10, 20, 40, 80, 160, 300, 300 … seconds after the finish of
//     the run before; a run of more than 10 minutes begins that anew (K43 to K47).
//     No wait, and no slow stop, holds anything else up (K48).
//  3. When ctx is done, or no main container is to run again, everything is
//     stopped within one grace period (K13, K14): the mains and a running init
//     container at once, then the helpers one by one from the last (K15, K16, K19).
//     When the grace is used up the rest is told together, and killed 2 s later at
//     the latest (K17). A helper that dies while mains still terminate is started
//     again (K23).
//  4. A container never runs twice at once. One that does not return in time is
//     abandoned: the error and an event say its name and where its goroutines
//     are, and no other run of it begins before it has returned, not in a later
//     Run of the Pod either.
//  5. A panic or [runtime.Goexit] in the goroutine that the pod started is a
//     failed run, as an error is. A panic in a goroutine that the container
//     started itself ends the process, as everywhere in Go.
//  6. Listeners are opened before anything starts and held to the end. Each run
//     has a lease on its listener; while there is none connections wait in the
//     backlog, for HoldTimeout at most. None is refused.
//  7. Everything that Run takes of the machine is given back when it returns:
//     goroutines, processes, descriptors, listeners, the temporary directory. Only
//     an abandoned container keeps what it has, the directory included, until it
//     returns.
//  8. Probes are asked and hooks called beside the container, never twice at once.
//     A Handler that does not return is left behind when its time is over.
//  9. Nothing that a container does blocks the pod's own loop, and no lock is held
//     across a wait.
//
// # A container's life
//
//	                     gate passed             told to stop
//	Waiting ──► Running ──────────► started ──────────► Killing ──► Terminated
//	   ▲           │                   │                   │            │
//	   │           └──── exit ─────────┴──── exit ─────────┘            │
//	   └──── at once, or after the back-off (CrashLoopBackOff) ─────────┘
//
// How a run ended is its exit code and reason: nil is 0 and Completed, an error 1
// or its ExitCode() int, a panic 2, a run that was abandoned 137. After the run's
// own context is done that context's error is Completed as well; somebody else's
// [context.DeadlineExceeded] is a failure.
//
// One that a probe or PostStart had stopped and that returned as it should has
// exit code 143, as most programs have that are sent SIGTERM: so OnFailure starts it
// again. A Command keeps its own.
//
// # Which part hangs
//
// A container's goroutines run under the pprof label "container", whose value names
// the run. When one does not return in time, the [AbandonedError], the event and
// [ContainerStatus].Hanging say how long it had and where those goroutines are,
// grouped by stack. Goroutines inherit the label from the one that starts them.
// Callbacks of time.AfterFunc and context.AfterFunc don't have it, nor do goroutines
// that a library had started before, as those of a connection pool that two
// containers share.
//
// # Commands
//
// A Command runs as a process group of its own in the pod's directory. Its
// environment is this process's and POD_ROOT, the directory, and POD_ADDR_<NAME>,
// where the container of that name listens (upper case, '_' for '-'). At stop the
// group is sent StopSignal, at the end of its time SIGKILL; when the program has
// exited the rest of its group is killed. Exit codes are kept, 128 + signal for a
// death by signal; one that dies of the StopSignal it was sent has stopped cleanly.
//
// With Listen it is handed its listener by the socket activation protocol of
// systemd (sd_listen_fds(3)): file descriptor 3, LISTEN_FDS=1, LISTEN_FDNAMES the
// container's name and LISTEN_PID the program's own process id, for which a
// /bin/sh executes it. It then loses no connection over restarts, if it finishes
// what it has accepted.
//
// What the pod can't do: a process that leaves its group (setsid) is not found
// again. If this process itself crashes, the kernel kills the program on Linux (a
// parent-death signal, of the thread that started it, which the pod keeps); what
// the program had started goes on, as the program itself does elsewhere. On
// Windows there is no SIGTERM and no socket activation.
//
// # To be seen
//
// [Pod.Status] is how the pod is, and Observer is told what happens; [Console] is
// an observer for people. With StatusListen the pod serves both over HTTP, as
// [Pod.Handler] says: health checks, metrics, a stream of events, the stacks of a
// container's goroutines, and a page that shows the pod as it lives. It answers
// requests for this machine only, changes nothing, and shows nothing of any
// environment; whoever can connect can read it, so it belongs on the loopback. Its
// end adds at most 250 ms to the pod's.
//
// # Containers in processes of their own
//
// [Pod.RunContainer] runs one of the containers, for a pod whose others run as
// other processes on the same Dir: that is how one binary serves as every
// container of a Kubernetes pod. A helper goes on serving after its stop until the
// main containers have ended, in case the platform tells all of them at once.
//
// # Kubernetes, fact by fact
//
// What a Kubernetes pod does, and how this one compares. "Same" is meant for the
// order and the times as well.
//
//	K1   restart policies                  same
//	K2   sidecars are restarted always     same, for every helper
//	K3   init containers                   same
//	K4   a container's own policy          same; its rules by exit code are not in
//	K5   RestartAllContainers              not in
//	K6   no maximum of restarts            same
//	K7   start in list order               same
//	K8   the gate is "started"             same, and a block's Ready has returned: the main
//	                                       container never starts before its ambassador answers
//	K9   the gate is passed once           same
//	K10  init containers are done then     same; Restart refuses them
//	K11  mains start one after the other   same, a quirk: PostStart of one holds up the next, Startup does not
//	K12  PostStart                         same
//	K13  the end of the mains is the pod's same
//	K14  one grace period, 30 s            same
//	K15  a container's stop                same, but Killing is sent when something begins for the
//	                                       container, not while it waits for its turn
//	K16  turns, in reverse                 same
//	K17  the grace is used up              same
//	K18  PreStop of all at the beginning   same, a quirk
//	K19  a running init container          same, a quirk: told at once
//	K20  PreStop                           same
//	K21  a probe's own grace period        same
//	K22  probes during the stop            same
//	K23  helpers during the stop           different: started again while mains terminate, as KEP-753 designed it
//	K24  helpers and success               same for the phase; Run's error tells of them
//	K25  probe fields                      same; times of less than a second are allowed
//	K26  probe handlers                    same, and a Go function; GRPC without TLS
//	K27  an inconclusive probe             same, by ErrInconclusive
//	K28  verdicts before the first probe   same
//	K29  one probe at a time               same; one that never returns fails each period
//	K30  thresholds                        same
//	K31  probes before and after started   same, a quirk: InitialDelay counts from the container's start,
//	                                       as in the kubelet's code and not as in its documentation
//	K32  what a failure does               same
//	K33  states                            same
//	K34  reasons                           same, of those that there is cause for; Goexit and Abandoned are new
//	K35  started and ready                 same; a block's Ready is its readiness where it has no probe
//	K36  phases                            same; a pod stopped before its mains ran has Failed
//	K37  conditions                        Initialized, ContainersReady and Ready; there is no scheduler and no sandbox
//	K38  events                            same, and one for each end of a run; no Created
//	K39  the termination message           the error's text, at most 4096 bytes; there is no file
//	K40  the active deadline               same
//	K41  the restart count                 same
//	K42  names, and init containers        same
//	K43 to K47  back-off                   same
//	K48  one loop, blocked by a kill       different: nothing waits for another container's stop
//	K49  jobs                              same
//
// # Size
//
// An idle helper costs 1 goroutine of the pod's, 1 descriptor for its root, 1 for
// its listener if it has one, and about 10 KiB; a probe has goroutines only while it
// asks. A Command costs 4 goroutines, a thread and 6 descriptors. The pod itself
// costs 2 goroutines, and 1 more and a descriptor with StatusListen; it keeps the
// last 512 events, with messages of at most 4 KiB. The number of containers is not
// limited; start and stop cost in proportion to it. The roots of all that run
// together are opened when the pod starts, ahead of their runs.
//
// # Tests
//
// Package podtest has a network in memory, so that a whole pod runs in the
// virtual time of testing/synctest, and the tests of the lifecycle for helpers of
// your own.
package pod
