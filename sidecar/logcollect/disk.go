package logcollect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// A disk is a directory that has the checkpoint or the files of a sink. Whatever
// they change on disk they change through it, so that a test can record all
// changes and have them fail.
type disk struct {
	root *os.Root
	tap  tap // nil: none
}

// A tap makes a change by calling do, or does not.
type tap func(c change, do func() error) error

// A change is one of those that a disk makes.
type change struct {
	op   string // create, write, truncate, sync, rename, remove or syncdir
	name string // of the file, as the system has it
	to   string // of a rename
	at   int64  // where a write begins, or what a truncate leaves
	data []byte // of a write
}

func (d disk) do(c change, do func() error) error {
	if d.tap == nil {
		return do()
	}
	return d.tap(c, do)
}

func (d disk) path(name string) string { return filepath.Join(d.root.Name(), name) }

// open opens a file for reading and writing. It makes it where there is none.
func (d disk) open(name string, flag int) (f *os.File, err error) {
	err = d.do(change{op: "create", name: d.path(name)}, func() (err error) {
		f, err = d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|nonblock|flag, 0o644)
		return err
	})
	return f, err
}

func (d disk) write(f *os.File, p []byte, at int64) (n int, err error) {
	if d.tap == nil {
		return f.WriteAt(p, at)
	}
	err = d.tap(change{op: "write", name: f.Name(), at: at, data: p}, func() (err error) {
		n, err = f.WriteAt(p, at)
		return err
	})
	return n, err
}

func (d disk) truncate(f *os.File, size int64) error {
	return d.do(change{op: "truncate", name: f.Name(), at: size}, func() error { return f.Truncate(size) })
}

func (d disk) sync(f *os.File) error {
	return d.do(change{op: "sync", name: f.Name()}, f.Sync)
}

func (d disk) rename(from, to string) error {
	return d.do(change{op: "rename", name: d.path(from), to: d.path(to)}, func() error { return d.root.Rename(from, to) })
}

func (d disk) remove(name string) error {
	return d.do(change{op: "remove", name: d.path(name)}, func() error { return d.root.Remove(name) })
}

// syncDir makes the names in a directory durable. Windows has no such call and
// journals them.
func (d disk) syncDir(name string) error {
	return d.do(change{op: "syncdir", name: d.path(name)}, func() error {
		if runtime.GOOS == "windows" {
			return nil
		}
		dir, err := d.root.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(dir.Sync(), dir.Close())
	})
}

// mkdirAll makes a directory below the root, and its parents, durably if sync says so.
func (d disk) mkdirAll(name string, sync bool) error {
	if fi, err := d.root.Stat(name); err == nil && fi.IsDir() {
		return nil
	}
	parent := filepath.Dir(name)
	if parent != name {
		if err := d.mkdirAll(parent, sync); err != nil {
			return err
		}
	}
	if err := d.root.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if sync {
		return d.syncDir(parent)
	}
	return nil
}
