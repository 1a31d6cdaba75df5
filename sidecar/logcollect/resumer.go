package logcollect

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// A Resumer is a [Sink] that can go back to where it was. With it every line is
// taken exactly once: the checkpoint holds the offsets of the files and the mark of
// the sink in one record, and at the start of a run both go back to it. A [File] is
// one; a table of a database with a counter of its rows can be another.
//
// A run calls Resume, then Write and Mark, and Close at the end, one after the
// other. After a crash there was no Close, and any number of Writes after the last
// Mark. An error of Resume or Mark ends the run, because a system may forget what it
// failed to save and say yes the next time; the next run goes back instead.
//
// Package sinktest tests a Resumer.
type Resumer interface {
	Sink

	// Resume begins a run at from, and undoes what was written after it. ctx ends when
	// there is no time left, as for all methods; they must return soon then.
	Resume(ctx context.Context, from Resume) error

	// Mark returns a mark of all that was written, which is safe by then: for as
	// long as the machine runs, or with Resume.Sync for good. Where nothing was
	// written since, the mark should be the same. The run may end before the mark is
	// in the checkpoint: then Resume is given the one before, or an earlier one where
	// the checkpoint was damaged. A mark has up to 4 KiB, and is not empty.
	Mark(ctx context.Context) (string, error)

	// Close ends the run. What was written after the last Mark may be kept or not.
	Close() error
}

// A Resume says how a [Resumer] begins a run.
type Resume struct {
	Root *os.Root // of the run

	// Mark is what Mark returned for the checkpoint. What was written after it comes
	// again. Empty: there is no checkpoint, and all files are begun again; what the
	// sink has may be of something else, and is to stay.
	Mark string

	// Keep says that not all files are there any more, so that some of what was
	// written after Mark does not come again: it is to be kept, at the price that
	// the rest of it comes twice.
	Keep bool

	// Sync says that Mark is to wait until what was written survives loss of power.
	Sync bool

	tap tap // of a test
}

// maxMark is what a mark may have, because it is in each checkpoint.
const maxMark = 4 << 10

// mark asks a Resumer for its mark.
func mark(ctx context.Context, s Resumer) (at string, err error) {
	err = guarded(func() error {
		at, err = s.Mark(ctx)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case at == "":
		return "", errors.New("its Mark is empty")
	case len(at) > maxMark:
		return "", fmt.Errorf("its Mark has %d bytes, more than %d", len(at), maxMark)
	}
	return at, nil
}

// A turner is a sink that closes a file between two checkpoints, and begins the
// next one. So no line of a checkpoint that is not written yet is in a file that
// is closed.
type turner interface {
	// due tells whether it wants to before size more bytes are written.
	due(size int) bool
	turn() error
}
