package logcollect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// An output is what a File has in one run: the file that it writes to, between one
// rotation and the next.
type output struct {
	disk
	file   *File
	sync   bool
	log    *slog.Logger
	outer  *os.Root // that file.Path is relative to
	base   string   // the file's name in its directory, which is the disk's
	keeper *keeper

	f      *os.File // nil: to be opened
	at     fileMark // of the lines taken
	tail   guard    // of the bytes before at.length
	safe   int64    // length when mark was last asked for
	torn   bool     // a write that failed has left something beyond
	paused time.Time
}

func newOutput(ctx context.Context, f *File, from Resume) *output {
	o := &output{
		file: f, sync: from.Sync, log: sandbox.Logger(ctx).With("output", f.Path),
		outer: from.Root, base: filepath.Base(f.Path), disk: disk{tap: from.tap},
	}
	o.keeper = newKeeper(o)
	return o
}

// open opens the file for this holder alone, and stands at its end.
func (o *output) open() error {
	switch fi, err := o.root.Stat(o.base); {
	case err == nil && !fi.Mode().IsRegular():
		return fmt.Errorf("%w but %s", errIrregular, kind(fi.Mode()))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := o.disk.open(o.base, 0)
	if err != nil {
		return err
	}
	at, err := lookAt(f, o.file.Path)
	if err == nil {
		var ok bool
		if ok, err = lock(f); !ok {
			err = cmp.Or(err, errInUse)
		}
	}
	if err == nil && o.sync {
		err = o.syncDir(".")
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	o.file.former.add(at.id, bornAt(f))
	o.f, o.torn, o.tail, o.safe = f, false, guard{}, 0
	o.at = fileMark{number: o.at.number, length: at.size, id: at.id, born: bornAt(f), since: time.Now()}
	return nil
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return m.Type().String()
}

// complete makes the file end with a newline. What it ends with is not known to
// come again, so it stays.
func (o *output) complete() error {
	end, err := lastNewline(o.f, 0, o.at.length)
	if err == nil && end != o.at.length {
		_, err = o.write(o.f, newline, o.at.length)
		o.at.length++
	}
	if err == nil {
		o.tail, err = tailOf(o.f, o.at.length)
	}
	return err
}

func (o *output) append(p []byte) error {
	if o.f == nil {
		return errors.New("the file could not be opened again")
	}
	// At an offset, so that one that failed in the middle is simply done again.
	n, err := o.write(o.f, p, o.at.length)
	if o.torn = err != nil; o.torn {
		return err
	}
	if o.at.length == 0 {
		o.at.since = time.Now()
	}
	o.at.length += int64(n)
	o.tail.append(p)
	return nil
}

func (o *output) mark() (fileMark, error) {
	if o.f == nil {
		return o.at, nil
	}
	if is, _, _ := o.look(); is == removed {
		// Else what came after the last mark would be lost with it.
		if err := o.replace(); err != nil {
			return fileMark{}, err
		}
	}
	if o.sync && o.at.length != o.safe {
		if err := o.disk.sync(o.f); err != nil {
			return fileMark{}, err
		}
	}
	o.safe = o.at.length
	o.at.sum = o.tail.sum()
	return o.at, nil
}

// shut closes the file, and leaves it as it is to be.
func (o *output) shut() (err error) {
	if o.f == nil {
		return nil
	}
	if o.torn {
		err = o.truncate(o.f, o.at.length)
	}
	err = errors.Join(err, unlock(o.f), o.f.Close())
	o.f, o.torn = nil, false
	return err
}

func (o *output) close() error {
	o.keeper.stop()
	err := o.shut()
	if o.root != nil {
		err = errors.Join(err, o.root.Close())
	}
	return err
}
