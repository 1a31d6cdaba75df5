package logcollect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A Fanout is a sidecar that collects into several sinks at once. Each of its
// Collectors has a sink and a Checkpoint of its own, mostly with the same Include,
// and none collects the files of another one's sink or checkpoint.
//
//	logcollect.Fanout{
//		{Include: logs, Checkpoint: "state/archive", Sink: &logcollect.File{Path: "all.log"}},
//		{Include: logs, Checkpoint: "state/stdout", Sink: logcollect.To(os.Stdout)},
//	}
//
// They share nothing but the files, which the system keeps in memory for all of
// them. So a sink that is slow or dead holds up none of the others, however long,
// and no lines have to be kept for it: what it has not taken is still in the files,
// where its own checkpoint finds it. All guarantees and limits of a Collector hold
// for each.
type Fanout []*Collector

var _ sidecar.Sidecar = Fanout(nil)

// Run runs all Collectors until ctx is done and all have drained. Before that it
// returns only because of a wrong field. A Collector that ends for another reason is
// logged and run again after 1 s and up to a minute. The error says what was wrong
// with each at the end.
func (f Fanout) Run(ctx context.Context, root *os.Root) error {
	if err := f.validate(root); err != nil {
		return fmt.Errorf("logcollect: %w", err)
	}
	wrong := &multierror.Error{ErrorFormat: oneLine}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, c := range f {
		all.Go(func() {
			if err := f.keepRunning(ctx, root, c); err != nil {
				mu.Lock()
				defer mu.Unlock()
				wrong = multierror.Append(wrong, fmt.Errorf("Fanout[%d]: %w", i, err))
			}
		})
	}
	all.Wait()
	return wrong.ErrorOrNil()
}

func (f Fanout) keepRunning(ctx context.Context, root *os.Root, c *Collector) error {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: time.Second, MaxInterval: time.Minute, Multiplier: 2,
		Stop: backoff.Stop, Clock: backoff.SystemClock,
	}
	pause.Reset()
	for {
		began := time.Now()
		done := make(chan error, 1)
		go f.runOne(ctx, root, c, done)
		err := <-done
		if ctx.Err() != nil || errors.Is(err, gate.ErrRunning) {
			return err
		}
		if time.Since(began) > pause.MaxInterval {
			pause.Reset()
		}
		next := pause.NextBackOff()
		sandbox.Logger(ctx).Error("logcollect: a collector of a Fanout has ended, will be run again", "checkpoint", c.checkpoint(), "after", next, "err", err)
		select {
		case <-time.After(next):
		case <-ctx.Done():
			// Once more, to drain what it can.
		}
	}
}

// runOne runs c once. Its sink may end the goroutine.
func (f Fanout) runOne(ctx context.Context, root *os.Root, c *Collector, done chan<- error) {
	err := errors.New("the sink ended its goroutine") // by runtime.Goexit
	defer func() { done <- err }()
	err = c.run(ctx, root, f)
}

// validate returns all that is wrong with the fields of all.
func (f Fanout) validate(root *os.Root) error {
	if len(f) == 0 {
		return errors.New("Fanout: empty, so there is nothing to run")
	}
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(i int, format string, args ...any) {
		wrong = multierror.Append(wrong, fmt.Errorf(fmt.Sprintf("Fanout[%d]", i)+format, args...))
	}
	checkpoints, files := map[string]int{}, map[string]int{}
	for i, c := range f {
		if c == nil {
			add(i, ": nil")
			continue
		}
		if err := c.validate(root); err != nil {
			add(i, ": %w", err)
		}
		if first, taken := checkpoints[c.checkpoint()]; taken {
			add(i, ".Checkpoint: %q is that of Fanout[%d] too", c.checkpoint(), first)
		} else {
			checkpoints[c.checkpoint()] = i
		}
		if o, ok := c.Sink.(*File); ok && o != nil {
			if first, taken := files[filepath.Clean(o.Path)]; taken {
				add(i, ".Sink: its file %q is that of Fanout[%d] too", o.Path, first)
			} else {
				files[filepath.Clean(o.Path)] = i
			}
		}
	}
	return wrong.ErrorOrNil()
}

// Ready blocks until all Collectors are ready, or until ctx ends, whose cause it
// then returns.
func (f Fanout) Ready(ctx context.Context) error {
	for _, c := range f {
		if err := c.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stats returns a snapshot of each Collector, in their order. It may be called at
// any time.
func (f Fanout) Stats() []Stats {
	all := make([]Stats, len(f))
	for i, c := range f {
		all[i] = c.Stats()
	}
	return all
}
