package logcollect

import (
	"context"
	"log/slog"
	"os"
	"slices"
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

	framing framing

	d      *deliverer
	watch  *watch // nil: polling only
	warned map[string]bool
	group  []*Collector // whose own files are not followed; c is one of them

	sources map[fileID]*source
	newest  map[string]*source // by path, the last generation
	named   map[string]*source // by the name it has now
	round   int
	tree    *tree           // of this scan, or the last one
	bases   []string        // the root's absolute names
	trouble bool            // in this scan something could not be looked at
	scanAt  time.Time       // of the next scan
	hintAt  time.Time       // before this nothing that was heard or missed makes one
	pollAt  time.Time       // when to look at what is not heard of; zero: there is nothing
	distant map[uint64]bool // by device, whether others may write to it

	queue   []*source  // that may have something to read
	leaving []*source  // that have lost their path or their name
	held    []*source  // with an event that may be complete
	flushAt time.Time  // when to look at these; zero: not
	opened  []*source  // the open ones, in the order of opening
	added   []progress // and removed: since the last batch
	removed []fileID
	again   []*source // begun again, which the checkpoint does not say yet

	ahead  *batch // being filled; nil: both are busy
	flying *batch // with the deliverer
	spare  *batch
	drain  drain

	owed map[string]int64 // by path, the bytes that the sink has taken and not brought to safety
}

func newRun(c *Collector, grace context.Context, root *os.Root, group []*Collector) *run {
	return &run{
		c: c, group: group, root: root, grace: grace, log: sandbox.Logger(grace), count: &c.count,
		framing: c.framing(),
		warned:  map[string]bool{},
		sources: map[fileID]*source{},
		newest:  map[string]*source{},
		named:   map[string]*source{},
		distant: map[uint64]bool{},
		bases:   basesOf(root),
		hintAt:  time.Now(),
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
	timer := time.NewTimer(time.Hour)
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
		if !r.pollAt.IsZero() && !now.Before(r.pollAt) {
			r.poll(now)
		}
		wake := r.settle(now)
		r.flush(now)
		for r.fill() {
			wake = r.settle(now)
		}
		wake = earlier(wake, r.flushAt)
		if r.drain.on {
			finished, at := r.drained(now)
			if finished {
				return nil
			}
			wake = earlier(wake, at)
		}
		to := r.handOver()
		if to != nil || r.flying != nil {
			r.pollSoon(now) // the deliverer may lack descriptors
		}
		wait := r.wait(timer, earlier(earlier(wake, r.pollAt), r.scanAt).Sub(now))
		select {
		case to <- r.ahead:
			r.flying, r.ahead, r.spare = r.ahead, r.spare, nil
		case b := <-r.d.out:
			r.delivered(b)
		case <-hints:
			r.takeHints()
		case <-wait:
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

// due is ready at any time.
var due = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// wait returns a channel that is ready after d.
func (r *run) wait(timer *time.Timer, d time.Duration) <-chan time.Time {
	if d <= 0 {
		return due
	}
	timer.Reset(d)
	return timer.C
}

// handOver returns the deliverer's channel if there is a batch for it, else nil.
func (r *run) handOver() chan<- *batch {
	if r.flying != nil || r.ahead == nil {
		return nil
	}
	r.again = slices.DeleteFunc(r.again, func(s *source) bool {
		if r.ahead.has(s) {
			return false // what it had before would be put over it
		}
		if r.sources[s.id] == s {
			r.added = append(r.added, s.progress())
		}
		return true
	})
	r.ahead.added = append(r.ahead.added, r.added...)
	// All of them again each time: a batch may wait, and an identity be given to a
	// new file meanwhile.
	r.ahead.removed = slices.DeleteFunc(append(r.ahead.removed, r.removed...), func(id fileID) bool {
		return r.sources[id] != nil
	})
	r.added, r.removed, r.ahead.final = nil, nil, r.drain.final
	if r.ahead.idle() {
		return nil
	}
	r.ahead.seal()
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
	if len(b.Chunks) > 0 {
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
		r.rescan()
	}
}

// rescan asks for a scan, as soon as scans do not take too much of the time.
func (r *run) rescan() { r.scanAt = earlier(r.scanAt, r.hintAt) }

// earlier returns the earlier of two times, of which the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
