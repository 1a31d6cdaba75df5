package metrics

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// DefaultTimeout is how long a source may take where [Exporter] states nothing.
const DefaultTimeout = 5 * time.Second

// An Exporter is an adapter that serves what its sources measure as Prometheus
// text. Its zero value serves the CPU time and the memory of this process and of
// its control group. It must not be copied, and its fields must not be changed
// while it runs.
type Exporter struct {
	// Container names the main container, which the default Sources measure.
	// Empty: this process. With Sources it must be empty.
	Container string

	// Sources are what is collected at a scrape, all at the same time. Empty:
	// "process", a Process of Container, and, where there is one, "cgroup", its
	// Cgroup.
	Sources []Source

	// Timeout is how long a source may take; one that takes longer has up 0. A
	// scrape that announces less is answered sooner. 0: DefaultTimeout;
	// negative: an error.
	Timeout time.Duration

	gate  gate.Gate
	mu    sync.Mutex
	slots []*slot // of the current run, or the last
	count counters
}

var _ adapter.Adapter = (*Exporter)(nil)

// Adapt serves on l until ctx is done, as [sandbox.ServeHTTP] does. It returns
// nil then, unless requests or sources did not end within the grace period. It
// does not use root, which may be nil; it needs l, and closes it, except in a
// second call at once, which is refused. All that is wrong with the fields is in
// one error, before anything is served.
func (e *Exporter) Adapt(ctx context.Context, _ *os.Root, l net.Listener) error {
	leave, err := e.gate.Enter()
	if err == nil {
		defer leave()
		err = e.serve(ctx, l)
	}
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

func (e *Exporter) serve(ctx context.Context, l net.Listener) error {
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	sources, err := e.sources(l)
	if err != nil {
		if l != nil {
			l.Close()
		}
		return err
	}
	// Under grace and not ctx: a request that is drained still needs its sources.
	collecting, stop := context.WithCancel(grace)
	defer stop()
	r := &run{
		ctx:     collecting,
		stop:    ctx.Done(),
		timeout: e.timeout(),
		log:     sandbox.Logger(ctx),
		slots:   e.begin(sources),
		count:   &e.count,
		scrapes: make(chan struct{}, maxScrapes),
		conns:   make(chan struct{}, maxConns),
	}
	e.gate.Open()
	served := sandbox.ServeHTTP(ctx, l, r.server())
	stop()
	return joined(multierror.Append(served, r.await(grace)))
}

// Ready blocks until the current run serves, or until ctx ends.
func (e *Exporter) Ready(ctx context.Context) error { return e.gate.Ready(ctx) }

func (e *Exporter) timeout() time.Duration {
	if e.Timeout > 0 {
		return e.Timeout
	}
	return DefaultTimeout
}

type namedSource struct {
	name   string
	source Source
}

// sources checks the fields and returns what is to be collected.
func (e *Exporter) sources(l net.Listener) ([]namedSource, error) {
	var wrong faults
	if l == nil {
		wrong.add("listener", "nil, and the exporter serves on one: give the container a Listen")
	}
	if e.Timeout < 0 {
		wrong.add("Timeout", "%v is negative", e.Timeout)
	}
	if len(e.Sources) == 0 {
		return []namedSource{
			{"process", Process{Container: e.Container}},
			{"cgroup", optional{Cgroup{Container: e.Container}}},
		}, wrong.err()
	}
	if e.Container != "" {
		wrong.add("Container", "%q has no meaning where Sources are given: name it in them", e.Container)
	}
	var all []namedSource
	first := map[string]int{}
	for i, s := range e.Sources {
		field := fmt.Sprintf("Sources[%d]", i)
		name, err := sourceName(s)
		if err != nil {
			wrong.add(field, "%w", err)
			continue
		}
		if j, taken := first[name]; taken {
			wrong.add(field, "the name %q is that of Sources[%d] too: give one another in a metrics.Named", name, j)
			continue
		}
		first[name] = i
		all = append(all, namedSource{name, s})
	}
	return all, wrong.err()
}

// begin makes the slots of a run. Those of an earlier run with the same names go
// on, because a source that still hangs since then must not be called again.
func (e *Exporter) begin(sources []namedSource) []*slot {
	e.mu.Lock()
	defer e.mu.Unlock()
	old := map[string]*slot{}
	for _, s := range e.slots {
		old[s.name] = s
	}
	e.slots = make([]*slot, len(sources)) // anew: Stats may read the last
	for i, n := range sources {
		s := old[n.name]
		if s == nil {
			s = &slot{name: n.name}
		}
		s.begin(n.source)
		e.slots[i] = s
	}
	return e.slots
}
