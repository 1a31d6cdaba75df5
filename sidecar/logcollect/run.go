package logcollect

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A run is one call of Run. All of it belongs to one goroutine, which never waits
// for a sink or for fsync; the deliverer does.
type run struct {
	c     *Collector
	root  *os.Root
	grace context.Context
	log   *slog.Logger
	count *counters

	d      *deliverer
	watch  *watch // nil: polling only
	warned map[string]bool
	group  []*Collector // whose own files are not followed; c is one of them

	sources map[fileID]*source
	newest  map[string]*source // by path, the last generation
	named   map[string]*source // by the name it has now
	round   int
	dirs    map[string]bool                // that the patterns look into
	listed  map[string]map[fileID]sighting // by directory, in this scan
	scanAt  time.Time                      // of the next scan
	hintAt  time.Time                      // before this no hint makes one

	queue   []*source  // that may have something to read
	leaving []*source  // that have lost their path or their name
	open    []*source  // in the order of opening
	added   []progress // and removed: since the last batch
	removed []fileID

	ahead  *batch // being filled; nil: both are busy
	flying *batch // with the deliverer
	spare  *batch
	drain  drain

	owed map[string]int64 // by path, the bytes that the sink has taken and not brought to safety
}

func newRun(c *Collector, grace context.Context, root *os.Root, group []*Collector) *run {
	return &run{
		c: c, group: group, root: root, grace: grace, log: sandbox.Logger(grace), count: &c.count,
		warned:  map[string]bool{},
		sources: map[fileID]*source{},
		newest:  map[string]*source{},
		named:   map[string]*source{},
		ahead:   newBatch(),
		spare:   newBatch(),
	}
}

// collect is Run between the checks and the prefix.
func (c *Collector) collect(ctx, grace context.Context, root *os.Root, group []*Collector) error {
	r := newRun(c, grace, root, group)
	defer r.close()
	if err := r.begin(); err != nil {
		return err
	}
	c.gate.Open()
	err := r.loop(ctx)
	return r.end(err)
}

// loop returns nil when all is delivered after ctx is done, or why that can't be.
func (r *run) loop(ctx context.Context) error {
	stop := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var hints <-chan struct{}
	if r.watch != nil {
		hints = r.watch.wake
	}
	for {
		now := time.Now()
		if !now.Before(r.scanAt) {
			r.scan()
		}
		wake := r.settle(now)
		r.fill()
		if r.drain.on {
			finished, at := r.drained(now)
			if finished {
				return nil
			}
			wake = earlier(wake, at)
		}
		timer.Reset(earlier(wake, r.scanAt).Sub(now))
		select {
		case r.handOver() <- r.ahead:
			r.flying, r.ahead, r.spare = r.ahead, r.spare, nil
		case b := <-r.d.out:
			r.delivered(b)
		case <-hints:
			r.takeHints()
		case <-timer.C:
		case <-stop:
			stop = nil
			r.drain.on, r.drain.since, r.scanAt = true, now, now
		case err := <-r.d.done:
			r.d.done <- err
			return err
		case <-r.grace.Done():
			return r.grace.Err()
		}
	}
}

// handOver returns the deliverer's channel if there is a batch for it, else nil.
func (r *run) handOver() chan<- *batch {
	if r.flying != nil || r.ahead == nil {
		return nil
	}
	r.ahead.added = append(r.ahead.added, r.added...)
	for _, id := range r.removed {
		if r.sources[id] == nil { // else the identity was given to a new file
			r.ahead.removed = append(r.ahead.removed, id)
		}
	}
	r.added, r.removed, r.ahead.final = nil, nil, r.drain.final
	if r.ahead.idle() {
		return nil
	}
	return r.d.in
}

func (r *run) delivered(b *batch) {
	for _, p := range b.parts {
		r.count.lag.Add(-p.bytes)
		r.count.bytes.Add(p.bytes)
	}
	for _, c := range b.Chunks {
		r.count.lines.Add(int64(c.Count))
	}
	if len(b.parts) > 0 {
		r.count.batches.Add(1)
	}
	b.reset()
	r.flying = nil
	if r.ahead == nil {
		r.ahead = b
	} else {
		r.spare = b
	}
}

// takeHints has those files read that were written to.
func (r *run) takeHints() {
	names, rescan := r.watch.take()
	for name := range names {
		if s := r.named[name]; s != nil {
			r.touch(s)
		}
	}
	if rescan {
		r.scanAt = earlier(r.scanAt, r.hintAt)
	}
}

// earlier returns the earlier of two times, of which the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
