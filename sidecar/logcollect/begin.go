package logcollect

import (
	"errors"
	"fmt"
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
	}
	opened := false
	defer func() {
		if err == nil {
			return
		}
		if opened {
			err = errors.Join(err, d.back.close())
		}
		if d.store != nil {
			err = errors.Join(err, d.store.close())
		}
		r.c.sink.Unlock()
	}()

	name := r.c.checkpoint()
	var damage error
	if d.store, damage, err = openStore(r.root, name); err != nil {
		return err
	}
	if damage != nil {
		r.count.checkpointsRefused.Add(1)
		r.log.Error("logcollect: checkpoint is damaged, all files are begun again", "checkpoint", name, "err", damage)
	}
	r.d = d
	r.count.lag.Store(0)
	r.tree = r.newTree()
	whole := r.resume()
	if d.back, _ = r.c.Sink.(resumer); d.back != nil {
		did, err := d.back.open(r.root, d.store.sink, whole)
		if err != nil {
			return fmt.Errorf("Sink: %w", err)
		}
		opened = true
		if did != "" {
			r.log.Warn("logcollect: the sink is not as the checkpoint has it", "did", did)
		}
		r.sinkID = d.back.id()
		if at, err := look(r.root, name); err == nil && at.id == r.sinkID {
			return fmt.Errorf("Sink: its file is the checkpoint %q", name)
		}
		if d.store.sink, err = d.back.sync(); err != nil {
			return fmt.Errorf("Sink: bring it to disk: %w", err)
		}
	}
	d.store.dirty = true
	if err := d.store.save(); err != nil { // better now than when there is something to lose
		return fmt.Errorf("checkpoint %q: %w", name, err)
	}
	if !r.c.PollOnly {
		r.watch = newWatch(r.root, r.log, r.ownsReal(), r.c.sys)
	}
	go d.run(r.c.sink.Unlock)
	r.scan()
	return nil
}
