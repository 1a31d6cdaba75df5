package logcollect

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// compress puts a compressed file in the place of the original. The original is
// there until the other one is whole on disk.
func (k *keeping) compress(ctx context.Context, f kept) (err error) {
	name := f.names[0]
	whole := name + k.file.Compress.Ext()
	if !slices.Contains(f.names, whole) {
		if err := k.write(ctx, name, whole+tempExt); err != nil {
			if gone := k.remove(whole + tempExt); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
			return err
		}
		if err := k.root.Chtimes(whole+tempExt, time.Time{}, f.last); err != nil {
			return err
		}
		if err := k.rename(whole+tempExt, whole); err != nil {
			return err
		}
		k.file.count.compressed.Add(1)
	}
	if err := k.syncDir("."); err != nil {
		return err
	}
	return k.remove(name)
}

func (k *keeping) write(ctx context.Context, from, to string) error {
	in, err := k.root.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := k.open(to, os.O_TRUNC)
	if err != nil {
		return err
	}
	err = guardedCompressor(func() error {
		w, err := k.file.Compress.NewWriter(&appender{disk: k.disk, f: out})
		if err != nil {
			return err
		}
		_, err = io.Copy(w, reader{ctx, in})
		return errors.Join(err, w.Close())
	})
	if err == nil {
		err = k.sync(out)
	}
	return errors.Join(err, out.Close())
}

// An appender writes to the end of a file.
type appender struct {
	disk
	f  *os.File
	at int64
}

func (a *appender) Write(p []byte) (int, error) {
	n, err := a.write(a.f, p, a.at)
	a.at += int64(n)
	return n, err
}

// A reader reads until ctx ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
