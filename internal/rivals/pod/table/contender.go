package main

import (
	"context"
	"slices"
	"sync"
)

// A service is what the contenders run. It is ready when start has returned nil,
// then runs until its context is done; stop gives back what start took.
type service struct {
	name  string
	start func(context.Context) error
	run   func(context.Context)
	stop  func()
}

// live is the whole life of a service, for contenders that know no other.
func (s service) live(ctx context.Context, ready func()) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.stop()
	ready()
	s.run(ctx)
	return nil
}

// A runner runs the services until ctx is done and they have ended, and tells what the
// contender lets its user know on the way.
type runner func(ctx context.Context, services []service, told func(any)) error

// A contender is used as its documentation says, with every feature on that bears
// upon the comparison: what it can tell is told, what it can limit has the grace.
type contender struct {
	name      string
	module    string // empty: this one
	order     string
	run       runner
	cancelled runner // stopped by a context, where run is stopped by a signal
}

const goroutines = "goroutines"

var contenders = []contender{
	{name: "pod", order: "in order, gated", run: runPod},
	{name: "fx", module: "go.uber.org/fx", order: "in order, gated", run: runFx, cancelled: cancelFx},
	{name: "dskit modules", module: "github.com/grafana/dskit", order: "in order, gated", run: runModules},
	{name: "dskit manager", module: "github.com/grafana/dskit", order: "at once", run: runManager},
	{name: "suture", module: "github.com/thejerf/suture/v4", order: "at once", run: runSuture},
	{name: "oklog/run", module: "github.com/oklog/run", order: "at once", run: runOklog},
	{name: goroutines, order: "at once", run: runGoroutines},
}

// timed are the contenders that are measured. A pod need not ask for readiness; it
// still does what the other table says of it.
var timed = slices.Insert(slices.Clone(contenders), 1,
	contender{name: "pod without Ready", order: "in order", run: runPlainPod})

// runGoroutines is the limit: a goroutine each, and nothing else.
func runGoroutines(ctx context.Context, services []service, _ func(any)) error {
	var all sync.WaitGroup
	for _, s := range services {
		all.Go(func() { _ = s.live(ctx, func() {}) })
	}
	all.Wait()
	return nil
}
