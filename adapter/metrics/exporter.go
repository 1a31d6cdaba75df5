package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// What an [Exporter] does where it states nothing.
const (
	DefaultTimeout   = 5 * time.Second
	DefaultMaxPoints = 500_000
	DefaultMaxBytes  = 256 << 20
)

// An Exporter is an adapter that serves what its sources measure. Its zero value
// serves the CPU time and the memory of this process and of its control group. It
// must not be copied, and its fields must not be changed while it runs. It is a
// Source too, as what a pusher takes: see [Exporter.Collect].
type Exporter struct {
	// Container names the main container, which the default Sources measure.
	// Empty: this process. With Sources it must be empty.
	Container string

	// Sources are what is collected at a scrape, all at the same time. Those that
	// are Runners run while the Exporter adapts; when one ends, Adapt does. Empty:
	// "process", a Process of Container, and, where there is one, "cgroup", its
	// Cgroup.
	Sources []Source

	// Timeout is how long a source may take; one that takes longer has up 0. A
	// scrape that announces less is answered sooner. 0: DefaultTimeout;
	// negative: an error.
	Timeout time.Duration

	// Resource is what the metrics are of, as service.name; in Prometheus' formats
	// the labels of target_info. Nil: that of the first source that has one.
	Resource *Labels

	// Formats are what a scrape may ask for by Accept besides Text, OpenMetrics
	// and JSON, those before JSON. Nil: none.
	Formats []Format

	// MaxPoints and MaxBytes bound what one source may bring at a collection; one
	// that brings more has up 0. Bytes are those of the points, their label text
	// and their buckets. 0: DefaultMaxPoints, DefaultMaxBytes; negative: an error.
	MaxPoints, MaxBytes int

	// WebConfig is the path of a file that asks for TLS and basic authentication in
	// the form of Prometheus' exporters ("web configuration"). A relative path is
	// one in the container's root. Empty: neither.
	WebConfig string

	gate  gate.Gate
	mu    sync.Mutex
	slots []*slot // of the current run, or the last
	run   *run    // the current one
	count counters
}

var (
	_ adapter.Adapter = (*Exporter)(nil)
	_ Source          = (*Exporter)(nil)
)

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
	p, err := e.plan(ctx, l)
	if err != nil {
		if l != nil {
			l.Close()
		}
		return err
	}
	// Under grace and not ctx: a request that is drained still needs its sources.
	collecting, stop := context.WithCancel(grace)
	defer stop()
	serving, fail := context.WithCancel(ctx)
	defer fail()
	r := e.newRun(collecting, sandbox.Logger(ctx), e.begin(p.sources))
	r.stop, r.formats, r.web = serving.Done(), p.formats, p.web
	runners := startRunners(collecting, p.sources, fail)
	e.setRun(r)
	defer e.setRun(nil)
	e.gate.Open()
	served := sandbox.ServeHTTP(serving, p.web.listener(l), r.server())
	stop()
	return joined(multierror.Append(served, r.await(grace), runners.await(grace, r.timeout)))
}

func (e *Exporter) newRun(ctx context.Context, log *slog.Logger, slots []*slot) *run {
	return &run{
		ctx:      ctx,
		timeout:  e.timeout(),
		log:      log,
		slots:    slots,
		count:    &e.count,
		resource: e.Resource,
		limits:   e.limits(),
		scrapes:  make(chan struct{}, maxScrapes),
		conns:    make(chan struct{}, maxConns),
	}
}

func (e *Exporter) setRun(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run = r
}

// Ready blocks until the current run serves, and each source that can tell is
// ready itself, or until ctx ends.
func (e *Exporter) Ready(ctx context.Context) error {
	if err := e.gate.Ready(ctx); err != nil {
		return err
	}
	for _, s := range e.Sources {
		inner, err := innermost(s)
		if err != nil {
			continue
		}
		if r, ok := inner.(interface{ Ready(context.Context) error }); ok {
			if err := r.Ready(ctx); err != nil {
				return err
			}
		}
	}
	return nil
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
			s = &slot{name: n.name, labels: NewLabels("source", n.name)}
		}
		s.begin(n.source)
		e.slots[i] = s
	}
	return e.slots
}
