package logcollect

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
)

// resume opens the file as it was at from.
func (o *output) resume(from Resume) error {
	var m fileMark
	if from.Mark != "" {
		var err error
		if m, err = parseFileMark(from.Mark); err != nil {
			return err
		}
	}
	if err := o.openDir(); err != nil {
		return err
	}
	last, err := o.lastNumber()
	if err != nil {
		return err
	}
	o.at.number = max(m.number, last+1)
	if err := o.open(); err != nil {
		return err
	}
	same := m.id != fileID{} && m.id == o.at.id
	if same {
		if same, err = m.isOf(o.f); err != nil {
			return err
		}
	}
	size := o.at.length
	switch {
	case m.id == (fileID{}):
		return o.complete()
	case !same:
		if !from.Keep {
			if err := o.cutElsewhere(m); err != nil {
				return err
			}
		}
		return o.complete()
	case size < m.length:
		o.log.Warn("logcollect: the sink's file is shorter than when the checkpoint was written", "bytes", size, "had", m.length)
		return o.complete()
	case from.Keep:
		if o.at.length, err = lastNewline(o.f, m.length, size); err != nil {
			return err
		}
		if kept := o.at.length - m.length; kept > 0 {
			o.log.Warn("logcollect: what the sink's file has after the checkpoint is kept, because not all files it may come from are there", "bytes", kept)
		}
	default:
		o.at.length = m.length
	}
	o.at.since = m.since
	if o.tail, err = tailOf(o.f, o.at.length); err != nil || o.at.length == size {
		return err
	}
	return o.truncate(o.f, o.at.length)
}

// openDir opens the file's directory, which it makes if there is none.
func (o *output) openDir() error {
	outer, dir := o.outer, filepath.Dir(o.file.Path)
	if filepath.IsAbs(dir) {
		there := dir
		for ; filepath.Dir(there) != there; there = filepath.Dir(there) {
			if fi, err := os.Stat(there); err == nil && fi.IsDir() {
				break
			}
		}
		var err error
		if outer, err = os.OpenRoot(there); err != nil {
			return err
		}
		defer outer.Close()
		if dir, err = filepath.Rel(there, dir); err != nil {
			return err
		}
	}
	if err := (disk{outer, o.tap}).mkdirAll(dir, o.sync); err != nil {
		return err
	}
	root, err := outer.OpenRoot(dir)
	if err != nil {
		return err
	}
	if o.root != nil {
		o.keeper.stop()
		o.root.Close()
	}
	o.root = root
	return nil
}

// lastNewline returns the offset behind the last newline in r between from and
// to, or from if there is none.
func lastNewline(r io.ReaderAt, from, to int64) (int64, error) {
	buf := make([]byte, 32<<10)
	for to > from {
		n := min(int64(len(buf)), to-from)
		if _, err := r.ReadAt(buf[:n], to-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return to - n + int64(i) + 1, nil
		}
		to -= n
	}
	return from, nil
}
