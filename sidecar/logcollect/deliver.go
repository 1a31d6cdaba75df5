package logcollect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// commitInterval is how often at most the checkpoint is replaced. Batches between
// are noted for a sink that is no Resumer, so that a crash of the process doubles
// one at most.
const commitInterval = 100 * time.Millisecond

// A deliverer is the goroutine that calls the sink and writes the checkpoint, the
// two things that may block.
type deliverer struct {
	sink  Sink
	back  Resumer // the sink, if it is one; else nil
	turns turner  // the sink, if it is one; else nil
	store *store
	grace context.Context
	log   *slog.Logger
	count *counters

	in   chan *batch // closed when there are no more
	out  chan *batch // delivered; has room for the one that is under way
	done chan error  // has room: why it ended, nil if in was closed and all is delivered

	committed time.Time
	final     bool             // what is delivered from now on is not to be in the checkpoint
	unsafe    bool             // what was delivered may not be safe, and can't be made so
	owed      map[string]int64 // by path, the bytes that a Resumer has taken since its last mark
}

func (d *deliverer) run(release func()) {
	err := errors.New("the sink ended its goroutine") // by runtime.Goexit
	defer func() {
		err = errors.Join(err, d.close())
		release()
		d.done <- err
	}()
	err = d.serve()
}

func (d *deliverer) close() (err error) {
	if d.back != nil {
		err = guarded(d.back.Close)
	}
	return errors.Join(err, d.store.close())
}

func (d *deliverer) serve() error {
	timer := time.NewTimer(commitInterval)
	defer timer.Stop()
	for {
		select {
		case b, ok := <-d.in:
			if !ok {
				return d.finish()
			}
			if err := d.deliver(b); err != nil {
				return errors.Join(err, d.commit())
			}
			d.out <- b
			timer.Reset(max(1, time.Until(d.committed.Add(commitInterval)))) // one that is due may crash the race detector in a bubble
		case <-timer.C:
			if err := d.commit(); err != nil {
				return err
			}
		}
	}
}

func (d *deliverer) deliver(b *batch) error {
	if b.final && d.back != nil && !d.final {
		if err := d.commit(); err != nil {
			return err
		}
		d.final = true
	}
	if err := d.introduce(b.added); err != nil {
		return err
	}
	if len(b.Chunks) > 0 {
		if err := d.turn(len(b.Lines)); err != nil {
			return err
		}
		write := func() error { return d.sink.Write(d.grace, b.Batch) }
		if err := d.retry("write to the sink", &d.count.sinkErrors, write); err != nil {
			return err
		}
	}
	if d.final {
		d.owe(b)
		return nil
	}
	for _, p := range b.parts {
		d.store.put(p.after)
	}
	d.store.remove(b.removed)
	switch {
	case time.Since(d.committed) >= commitInterval:
		return d.commit()
	case d.back == nil:
		return d.retry("write the checkpoint", &d.count.checkpointErrors, d.store.note)
	}
	d.owe(b)
	return nil
}

// owe notes that b is not safe before the next mark.
func (d *deliverer) owe(b *batch) {
	if d.back == nil {
		return
	}
	for _, p := range b.parts {
		d.owed[p.after.path] += p.bytes
	}
}

// introduce has the checkpoint name every file before its lines reach the sink.
// Else, after a crash, one that was renamed meanwhile would not be known for what
// it is, and lines that only it has would be cut off the sink.
func (d *deliverer) introduce(added []progress) error {
	if len(added) == 0 || d.final {
		return nil
	}
	for _, p := range added {
		d.store.put(p)
	}
	return d.commit()
}

// turn has a sink that wants to begin another file do so before size more bytes.
func (d *deliverer) turn(size int) error {
	if d.turns == nil || d.final || !d.turns.due(size) {
		return nil
	}
	if err := d.commit(); err != nil {
		return err
	}
	if err := d.retry("begin another file of the sink", &d.count.sinkErrors, d.turns.turn); err != nil {
		return err
	}
	return d.commit()
}

// finish is the commit of a run that has delivered all.
func (d *deliverer) finish() error {
	if err := d.commit(); err != nil {
		return err
	}
	return d.retry("write the checkpoint", &d.count.checkpointErrors, d.store.finish)
}

// commit makes what was delivered safe.
func (d *deliverer) commit() error {
	d.committed = time.Now()
	if d.back != nil {
		// Not tried again: a system may forget what it could not bring to disk, and
		// say yes the next time. The next run begins at the last checkpoint instead.
		if d.unsafe {
			return nil
		}
		at, err := mark(d.grace, d.back)
		if err != nil {
			d.unsafe = true
			return fmt.Errorf("bring the sink to safety: %w", err)
		}
		if d.final {
			clear(d.owed)
			return nil
		}
		if d.store.sink != at {
			d.store.sink, d.store.dirty = at, true
		}
	}
	err := d.retry("write the checkpoint", &d.count.checkpointErrors, d.store.save)
	if err == nil {
		clear(d.owed)
	}
	return err
}

// guarded calls the sink. One that panics has failed.
func guarded(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("sink panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return do()
}

// retry calls do until it succeeds or the grace period has ended.
func (d *deliverer) retry(what string, failures interface{ Add(int64) int64 }, do func() error) error {
	err := guarded(do)
	if err == nil {
		return nil
	}
	d.log.Warn("logcollect: failed, will be tried again: "+what, "err", err)
	pause := newBackOff()
	for since := time.Now(); err != nil; err = guarded(do) {
		failures.Add(1)
		select {
		case <-time.After(pause.NextBackOff()):
		case <-d.grace.Done():
			return fmt.Errorf("%s, failing for %v: %w", what, time.Since(since).Round(time.Millisecond), err)
		}
	}
	d.log.Info("logcollect: works again: " + what)
	return nil
}

func newBackOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 20*time.Millisecond, 2*time.Second
	b.Multiplier, b.RandomizationFactor, b.MaxElapsedTime = 2, 0, 0
	b.Reset()
	return b
}
