package logcollect

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
)

// begin goes back to where the checkpoint says, starts the deliverer, and finds
// the files there are.
func (r *run) begin() (err error) {
	if !r.c.sink.TryLock() {
		return errors.New("Sink: a Write of an earlier run has not returned yet")
	}
	d := &deliverer{
		sink: r.c.Sink, grace: r.grace, log: r.log, count: r.count,
		in: make(chan *batch), out: make(chan *batch, 1), done: make(chan error, 1),
		owed: map[string]int64{},
	}
	begun, opened := false, false
	defer func() {
		if begun {
			return
		}
		if opened {
			err = errors.Join(err, guarded(d.back.Close))
		}
		if d.store != nil {
			err = errors.Join(err, d.store.close())
		}
		r.c.sink.Unlock()
	}()

	name := r.c.checkpoint()
	var damage error
	if d.store, damage, err = openStore(disk{r.root, r.c.tap}, name, r.c.Sync); err != nil {
		return err
	}
	if damage != nil {
		r.count.checkpointsRefused.Add(1)
		what := "the recent one is used"
		if d.store.seq == 0 {
			what = "all files are begun again"
		}
		r.log.Error("logcollect: checkpoint is damaged, "+what, "checkpoint", name, "err", damage)
	}
	r.d = d
	r.count.lag.Store(0)
	r.tree = r.newTree()
	whole := r.resume()
	if f, ok := r.c.Sink.(outputs); ok && isCheckpoint(filepath.Base(f.path()), path.Base(name)) && r.sameDir(path.Dir(name), filepath.Dir(f.path())) {
		return fmt.Errorf("Sink: its file is the checkpoint %q", name)
	}
	if d.back, _ = r.c.Sink.(Resumer); d.back != nil {
		from := Resume{Root: r.root, Mark: d.store.checkpoint.sink, Keep: !whole, Sync: r.c.Sync, tap: r.c.tap}
		if err := guarded(func() error { return d.back.Resume(r.grace, from) }); err != nil {
			return fmt.Errorf("Sink: %w", err)
		}
		opened = true
		if d.store.checkpoint.sink, err = mark(r.grace, d.back); err != nil {
			return fmt.Errorf("Sink: bring it to safety: %w", err)
		}
	}
	if d.back == nil {
		d.store.checkpoint.sink = "" // it would not be of what another sink has when there is one again
	}
	d.turns, _ = r.c.Sink.(turner)
	d.store.dirty = true
	if err := d.store.save(); err != nil { // better now than when there is something to lose
		return fmt.Errorf("checkpoint %q: %w", name, err)
	}
	if !r.c.PollOnly {
		r.watch = newWatch(r.root, r.log, r.ownsReal, r.c.sys)
	}
	begun = true
	go d.run(r.c.sink.Unlock)
	r.scan()
	return nil
}
