package logcollect

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// turnPause is how long writing goes on to a file that can't be rotated before
// that is tried again.
const turnPause = 10 * time.Second

// A state is what has become of the file that an output writes to.
type state int

const (
	present   state = iota
	renamed         // by somebody else, so that its path has another file or none
	removed         // by somebody else
	shortened       // by somebody else
)

// look tells what has become of the file, and its size where it is present.
func (o *output) look() (is state, size int64, err error) {
	fi, err := o.stat()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return present, o.at.length, err
	}
	if err == nil && fi.Mode().IsRegular() {
		id, err := statID(o.root, o.base, fi)
		switch {
		case err != nil:
			return present, o.at.length, err
		case id == o.at.id && fi.Size() < o.at.length:
			return shortened, fi.Size(), nil
		case id == o.at.id:
			return present, fi.Size(), nil
		}
	}
	if nameless(o.f) {
		return removed, 0, nil
	}
	return renamed, 0, nil
}

// stat looks at the path and not at the directory that is open, which somebody may
// have renamed.
func (o *output) stat() (fs.FileInfo, error) {
	if filepath.IsAbs(o.file.Path) {
		return os.Stat(o.file.Path)
	}
	return o.outer.Stat(o.file.Path)
}

// due tells whether turn has something to do before size more bytes are written.
func (o *output) due(size int64) bool {
	if o.f == nil {
		return true
	}
	if is, _, err := o.look(); err != nil || is != present {
		return err == nil
	}
	if o.at.length == 0 || time.Now().Before(o.paused) {
		return false
	}
	f := o.file
	return f.RotateBytes > 0 && size > f.RotateBytes-o.at.length ||
		f.RotateAfter > 0 && time.Since(o.at.since) >= f.RotateAfter
}

// turn rotates the file, or follows what somebody else did with it.
func (o *output) turn() error {
	if o.f == nil {
		return o.reopen()
	}
	is, size, err := o.look()
	if err != nil {
		return err
	}
	switch {
	case is == removed:
		return o.replace()
	case is == renamed:
		o.log.Info("logcollect: the sink's file was renamed, begun anew")
		o.file.count.reopened.Add(1)
		o.leave()
		return o.reopen()
	case is == shortened:
		o.log.Warn("logcollect: the sink's file was truncated", "bytes", size, "had", o.at.length)
		o.file.count.reopened.Add(1)
		o.at.length, o.safe = size, 0
		return o.complete()
	case o.at.length == 0:
		return nil
	}
	return o.rotate()
}

// rotate gives the file its number. If that can't be, it goes on as it is.
func (o *output) rotate() error {
	last, err := o.lastNumber()
	if err == nil {
		o.at.number = max(o.at.number, last+1)
		err = o.rename(o.base, numbered(o.base, o.at.number))
	}
	if err != nil {
		o.log.Warn("logcollect: the sink's file can't be rotated, will be tried again", "err", err)
		o.file.count.errors.Add(1)
		o.paused = time.Now().Add(turnPause)
		return nil
	}
	o.file.count.rotated.Add(1)
	o.leave()
	o.at.number++
	o.keeper.kick()
	return o.reopen()
}

// leave closes a file that is complete.
func (o *output) leave() {
	if err := o.shut(); err != nil {
		o.log.Error("logcollect: a file that the sink is done with", "err", err)
		o.file.count.errors.Add(1)
	}
}

// reopen opens what is at the path now, as a rule a new file.
func (o *output) reopen() error {
	if fi, err := o.outerDir(); err != nil || !o.isDir(fi) {
		if err := o.openDir(); err != nil {
			return err
		}
		o.keeper.start()
	}
	if err := o.open(); err != nil {
		return err
	}
	if err := o.complete(); err != nil {
		return errors.Join(err, o.shut())
	}
	return nil
}

func (o *output) outerDir() (fs.FileInfo, error) {
	dir := filepath.Dir(o.file.Path)
	if filepath.IsAbs(dir) {
		return os.Stat(dir)
	}
	return o.outer.Stat(dir)
}

// isDir tells whether fi is of the directory that is open.
func (o *output) isDir(fi fs.FileInfo) bool {
	is, err := o.root.Stat(".")
	return err == nil && os.SameFile(is, fi)
}

// replace begins the file anew after it was removed, with the lines that no
// checkpoint counts on yet.
func (o *output) replace() error {
	o.log.Warn("logcollect: the sink's file was removed, begun anew")
	old, at, tail, safe := o.f, o.at, o.tail, o.safe
	if err := o.reopen(); err != nil {
		o.f, o.at, o.tail, o.safe = old, at, tail, safe
		return err
	}
	began := o.at.length
	if err := o.take(old, safe, at.length); err != nil {
		err = errors.Join(err, o.truncate(o.f, began), unlock(o.f), o.f.Close())
		o.f, o.at, o.tail, o.safe = old, at, tail, safe
		return err
	}
	o.file.count.reopened.Add(1)
	unlock(old)
	old.Close()
	return nil
}

// take appends the bytes of another file.
func (o *output) take(from *os.File, at, end int64) error {
	buf := make([]byte, 64<<10)
	for at < end {
		n, err := from.ReadAt(buf[:min(int64(len(buf)), end-at)], at)
		if n == 0 {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		if err := o.append(buf[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// cutElsewhere takes back what was written after m to a file that has another name
// by now.
func (o *output) cutElsewhere(m fileMark) error {
	if m.length == 0 && m.born == 0 {
		return nil // can't be told from another one that was given its identity
	}
	entries, err := fs.ReadDir(o.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		at, err := look(o.root, e.Name())
		if err != nil || at.id != m.id || at.size <= m.length {
			continue
		}
		return o.cut(at.name, m)
	}
	return nil
}

func (o *output) cut(name string, m fileMark) error {
	f, err := o.root.OpenFile(name, os.O_RDWR|nonblock, 0)
	if err != nil {
		return err
	}
	is, err := m.isOf(f)
	if is && err == nil {
		o.log.Info("logcollect: the sink's file was renamed", "to", name)
		err = o.truncate(f, m.length)
		if err == nil && o.sync {
			err = o.disk.sync(f)
		}
	}
	return errors.Join(err, f.Close())
}
