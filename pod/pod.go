package pod

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod/internal/web"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A RestartPolicy says whether a container is started again after its run has
// ended (K1).
type RestartPolicy string

// The restart policies of Kubernetes.
const (
	Always    RestartPolicy = "Always"    // after any exit
	OnFailure RestartPolicy = "OnFailure" // after an exit code other than 0
	Never     RestartPolicy = "Never"
)

// A Pod is a main container and the helpers around it. It is used as a struct
// literal; only Containers must be set, with at least one main container among
// them. It must not be copied or changed after its first Run. One run at a time;
// Run can be called again after it returned.
type Pod struct {
	// Name appears in logs, events and the status; a DNS-1123 label. Empty:
	// "pod".
	Name string

	// Containers are unique by name. Init containers and helpers start in list
	// order, each gated on the one before, then the mains; they stop in reverse.
	Containers []Container

	// RestartPolicy is for the main and init containers. Empty: Always, with
	// which a main container that returns nil is started again, and Run ends
	// only with its context. Helpers are always started again (K2).
	RestartPolicy RestartPolicy

	// TerminationGracePeriod is how long all containers together have to stop
	// before they are killed. 0: 30 s. Less than 2 s: 2 s (K20).
	TerminationGracePeriod time.Duration

	// ActiveDeadline is how long the pod may run, from its start on, init
	// containers included; then it is stopped, and has failed (K40). 0: for ever.
	ActiveDeadline time.Duration

	// Dir is the directory that the containers share; it is made if it is not
	// there, and kept. Empty: a temporary one for each Run, removed at its end,
	// or, where a container was abandoned, when that has returned.
	Dir string

	// Network is where the containers listen and dial. nil: the machine's.
	Network Network

	// HoldTimeout is how long connections to a container that does not run wait
	// for its next run. After it the pod accepts and resets them, until then. It
	// counts from the pod's start on. 0: 30 s.
	HoldTimeout time.Duration

	// Linger is how long a helper that runs alone (RunContainer) goes on serving
	// the main containers after it was told to stop, at most; it ends with them. 0:
	// the grace period but 2 s, which is also the most. Negative: not at all.
	Linger time.Duration

	// Logger gets the containers' logs and commands' output, with "pod" and
	// "container" attributes. nil: slog.Default().
	Logger *slog.Logger

	// StatusListen is where the pod serves its Handler from before anything starts
	// until Run returns: an address as Container.Listen takes it. Only requests
	// for that host, localhost or a loopback address are answered. Empty: nowhere.
	// RunContainer does not serve it, because the processes of one pod can't share
	// the address; a program that wants it there mounts the Handler.
	StatusListen string

	// Observer is called with each event, in order, one at a time and never by
	// the pod's own loop. While it is slow up to 1,024 events and 8 per container
	// wait; what comes on top of them is dropped and counted in the status, as is
	// what it has not seen a second after the end: then it is left behind. nil:
	// events are logged.
	Observer func(Event)

	mu        sync.Mutex
	running   bool
	observing chan struct{}       // holds a token while Observer is called; nil where none is left behind
	run       *run                // current or last
	alive     map[string]struct{} // abandoned, and not returned yet

	events web.Stream[Event] // the last of all runs, for the Handler
}

// A Container is one part of a pod. Exactly one of Sidecar, Ambassador, Adapter,
// Run and Command is set and says what it is: the first three are helpers, the
// others main containers or, with Init, init containers.
type Container struct {
	Name string // unique in the pod, a DNS-1123 label (K42)

	// Init makes a main container an init container, which runs to its end
	// before what follows it in the list starts (K7, K8).
	Init bool

	Sidecar    sidecar.Sidecar       // a helper that extends the mains through the shared files
	Ambassador ambassador.Ambassador // a helper that takes over their connections; needs Listen
	Adapter    adapter.Adapter       // a helper that presents their output in a standard form

	// Run is a main or init container in this process. It follows the same
	// lifecycle as the helpers; the context is its sandbox.
	Run func(ctx context.Context, env Env) error

	// Command is a program and its arguments, run as a process group of its own
	// in the pod's directory. See the package's documentation of commands.
	Command []string

	// Listen is the address that the pod opens for the container before anything
	// starts, and holds to its end: host and port, of which port 0 means any
	// free one, or "unix:" and a path, which resolves in the pod's directory.
	// Each run of the container gets a lease on it. Empty: none. Not for a
	// Sidecar.
	Listen string

	// RestartPolicy overrides the pod's for this container (K4). Empty: the
	// pod's. Not for helpers.
	RestartPolicy RestartPolicy

	// Startup holds up what follows a helper until it succeeds, and the other
	// probes of every container; when it fails the run is stopped (K31, K32). nil:
	// none. No probes and hooks for init containers (K42).
	Startup *Probe

	// Readiness says whether the container is ready, and never stops it (K32). nil:
	// the block's own Ready every 10 s, and without that it is ready once it has
	// started.
	Readiness *Probe

	// Liveness stops the run when it fails, for the restart policy to start another
	// (K32). nil: none.
	Liveness *Probe

	// PostStart is called when the run has begun, beside it. What follows waits for
	// it; when it fails the run is stopped (K12). nil: none.
	PostStart Handler

	// PreStop is called before the run is told to stop, within the grace period. A
	// helper's is called when the pod's stop begins, before its turn (K15, K18,
	// K20). nil: none.
	PreStop Handler

	// Env adds NAME=VALUE to a Command's environment.
	Env []string

	// Output is a file under the shared directory to which a Command's standard
	// output and error are appended. Empty: they go to the log, line by line.
	Output string

	// StopSignal is what a Command's process group is sent at stop; one that dies
	// of it has stopped cleanly. nil: SIGTERM.
	StopSignal os.Signal
}

// Env is what a container with a Run function works with.
type Env struct {
	Root     *os.Root     // the shared directory; closed when the run has returned
	Dir      string       // its path, for programs and libraries that need one
	Listener net.Listener // the run's lease on the container's listener; nil without Listen
}

// kind is what a container is, in the status's words.
func (c *Container) kind() Kind {
	switch {
	case c.Init:
		return KindInit
	case c.Sidecar != nil:
		return KindSidecar
	case c.Ambassador != nil:
		return KindAmbassador
	case c.Adapter != nil:
		return KindAdapter
	default:
		return KindMain
	}
}

// block is the container's building block, nil for Run and Command.
func (c *Container) block() any {
	switch {
	case c.Sidecar != nil:
		return c.Sidecar
	case c.Ambassador != nil:
		return c.Ambassador
	case c.Adapter != nil:
		return c.Adapter
	}
	return nil
}

func (p *Pod) name() string {
	if p.Name == "" {
		return "pod"
	}
	return p.Name
}

func (p *Pod) grace() time.Duration {
	if p.TerminationGracePeriod == 0 {
		return sandbox.DefaultGrace
	}
	return max(p.TerminationGracePeriod, minGrace)
}

func (p *Pod) holdTimeout() time.Duration {
	if p.HoldTimeout == 0 {
		return 30 * time.Second
	}
	return p.HoldTimeout
}

func (p *Pod) logger() *slog.Logger {
	if p.Logger == nil {
		return slog.Default()
	}
	return p.Logger
}

func (p *Pod) network() Network {
	if p.Network == nil {
		return machine{}
	}
	return p.Network
}
