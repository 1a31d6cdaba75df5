package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	grace = 2 * time.Second // of all contenders; the pod takes no less
	limit = 3 * grace       // what has not returned by then never does
	bad   = "bad"           // the second of three services
)

// An observation is what one contender did in one scenario, in a process of its own.
type observation struct {
	Died     string        // how the process ended, and what it said; empty: in good order
	Trace    []string      // "start bad", "ready bad", "end bad", in order
	Told     []string      // what the contender said, from the moment that matters on
	Err      string        // what it returned
	Returned bool          // in time
	Took     time.Duration // from the stop on
}

// A stage is what the services of a scenario write their trace to.
type stage struct {
	mu      sync.Mutex
	trace   []string
	told    []string
	changed chan struct{}
}

func (s *stage) note(what, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace = append(s.trace, what+" "+name)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stage) tell(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, fmt.Sprintf("%+v", v))
}

func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = nil
}

// await waits until what has been noted count times, for a second at most.
func (s *stage) await(count int, what string) {
	over := time.After(time.Second)
	for {
		s.mu.Lock()
		seen, changed := s.trace, s.changed
		s.mu.Unlock()
		if n := len(slices.DeleteFunc(slices.Clone(seen), func(line string) bool { return line != what })); n >= count {
			return
		}
		select {
		case <-changed:
		case <-over:
			return
		}
	}
}

// actor makes a service that notes its life. Each phase takes a while.
func (s *stage) actor(name string, starting, stopping time.Duration, run func(context.Context)) service {
	return service{
		name: name,
		start: func(context.Context) error {
			s.note("start", name)
			time.Sleep(starting)
			s.note("ready", name)
			return nil
		},
		run: run,
		stop: func() {
			time.Sleep(stopping)
			s.note("end", name)
		},
	}
}

func obedient(ctx context.Context) { <-ctx.Done() }

// once does what only in its first run.
func once(what func()) func(context.Context) {
	var first sync.Once
	return func(ctx context.Context) {
		first.Do(what)
		obedient(ctx)
	}
}

func panics() { panic("on purpose") }
func hangs()  { select {} }

// A scenario is three services, the second of them bad, and when they are stopped.
type scenario struct {
	name     string
	starting time.Duration // how long the start of the bad one takes, whatever its context says
	bad      func(context.Context)
	until    func(*stage)               // returns when it is time to stop
	cell     func(o observation) string // what the table says
}

const (
	hang        = "hang at stop"
	duringStart = "stop during start"
)

var scenarios = []scenario{
	{"start and stop", 50 * time.Millisecond, obedient, allReady, orderCell},
	{"panic", 0, once(panics), func(s *stage) { s.await(2, "ready "+bad) }, panicCell},
	{"Goexit", 0, once(runtime.Goexit), func(s *stage) { s.await(2, "ready "+bad) }, goexitCell},
	{hang, 0, func(context.Context) { hangs() }, allReady, hangCell},
	{duringStart, 600 * time.Millisecond, obedient, func(s *stage) {
		s.await(1, "start "+bad)
		time.Sleep(200 * time.Millisecond)
	}, duringStartCell},
}

func allReady(s *stage) {
	for _, name := range []string{"first", bad, "last"} {
		s.await(1, "ready "+name)
	}
}

// play runs a scenario in this process, which it may end.
func play(run runner, sc scenario) observation {
	s := &stage{changed: make(chan struct{})}
	services := []service{
		s.actor("first", 100*time.Millisecond, 0, obedient),
		s.actor(bad, sc.starting, 50*time.Millisecond, sc.bad),
		s.actor("last", 0, 100*time.Millisecond, obedient),
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	returned := make(chan error, 1)
	go func() { returned <- run(ctx, services, s.tell) }()
	sc.until(s)
	stop()
	stopped := time.Now()
	if sc.name == hang {
		// That it is told to stop is no complaint, only what is said of it later.
		time.AfterFunc(grace/2, s.forget)
	}
	var o observation
	select {
	case err := <-returned:
		o.Returned = true
		if err != nil {
			o.Err = err.Error()
		}
	case <-time.After(limit):
	}
	o.Took = time.Since(stopped)
	if o.Returned {
		time.Sleep(time.Second)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.Trace, o.Told = slices.Clone(s.trace), slices.Clone(s.told)
	return o
}
