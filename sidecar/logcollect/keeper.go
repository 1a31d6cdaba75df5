package logcollect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// A keeper is the goroutine that compresses and removes the files that have a
// number. They are complete, so nothing that it does touches a line that is still
// to be saved.
type keeper struct {
	o      *output
	wake   chan struct{} // has room for one
	cancel context.CancelFunc
	done   chan struct{}
}

func newKeeper(o *output) *keeper { return &keeper{o: o, wake: make(chan struct{}, 1)} }

// start begins a goroutine, which looks at the files at once.
func (k *keeper) start() {
	if k.cancel != nil || !k.o.file.rotates() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel, k.done = cancel, make(chan struct{})
	job := &keeping{disk: k.o.disk, file: k.o.file, base: k.o.base, warn: k.o.log.Warn}
	go k.run(ctx, job)
	k.kick()
}

func (k *keeper) stop() {
	if k.cancel == nil {
		return
	}
	k.cancel()
	<-k.done
	k.cancel = nil
}

func (k *keeper) kick() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *keeper) run(ctx context.Context, job *keeping) {
	defer close(k.done)
	pause := &backoff.ExponentialBackOff{
		InitialInterval: time.Second, MaxInterval: time.Minute, Multiplier: 2,
		Stop: backoff.Stop, Clock: backoff.SystemClock,
	}
	pause.Reset()
	failed := false
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-again:
		}
		again = nil
		next, err := job.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			job.file.count.errors.Add(1)
			if !failed {
				job.warn("logcollect: a rotated file can't be compressed or removed, will be tried again", "err", err)
			}
			again = time.After(pause.NextBackOff())
		case next > 0:
			again = time.After(next)
		}
		if failed = err != nil; !failed {
			pause.Reset()
		}
	}
}

// A keeping is what a keeper works on.
type keeping struct {
	disk
	file *File
	base string
	warn func(msg string, args ...any)
}

// A kept is the files that have one number: the original, the compressed one, or
// both where the compression was interrupted.
type kept struct {
	number int64
	names  []string // the original in front
	last   time.Time
}

// pass removes what is not to be kept, compresses the rest, and returns when
// something will be too old, 0 for never.
func (k *keeping) pass(ctx context.Context) (next time.Duration, err error) {
	all, err := k.list()
	if err != nil {
		return 0, err
	}
	var wrong []error
	stay := all[:0:0]
	for i, f := range all {
		many := k.file.KeepFiles > 0 && len(all)-i > k.file.KeepFiles
		old := k.file.KeepFor > 0 && time.Since(f.last) >= k.file.KeepFor
		if !many && !old {
			stay = append(stay, f)
			continue
		}
		if err := k.drop(f.names); err != nil {
			wrong = append(wrong, err)
			continue
		}
		k.file.count.removed.Add(1)
	}
	for _, f := range stay {
		if k.file.KeepFor > 0 && next == 0 {
			next = max(time.Second, time.Until(f.last.Add(k.file.KeepFor)))
		}
		if k.file.Compress == nil || ctx.Err() != nil || !isOriginal(f.names[0], k.base) {
			continue
		}
		if err := k.compress(ctx, f); err != nil {
			wrong = append(wrong, fmt.Errorf("compress %s: %w", f.names[0], err))
			break // the next ones would fail too, as on a full disk
		}
	}
	return next, errors.Join(wrong...)
}

// list returns the files that have a number, the oldest in front, and removes what
// was left of an interrupted compression.
func (k *keeping) list() (all []kept, err error) {
	entries, err := fs.ReadDir(k.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	found := map[int64]*kept{}
	for _, e := range entries {
		n, ext, ok := parseNumbered(e.Name(), k.base)
		if !ok || !e.Type().IsRegular() || !k.made(strings.TrimSuffix(ext, tempExt)) {
			continue
		}
		if strings.HasSuffix(ext, tempExt) {
			if err := k.remove(e.Name()); err != nil {
				return nil, err
			}
			continue
		}
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f := found[n]
		if f == nil {
			f = &kept{number: n}
			found[n] = f
		}
		f.names = append(f.names, e.Name())
		if fi.ModTime().After(f.last) {
			f.last = fi.ModTime()
		}
	}
	for _, f := range found {
		slices.Sort(f.names) // the original is the shortest one
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.number, b.number) })
	return all, nil
}

// made tells whether ext is what a File may have added to a name, and not somebody
// else, as in .bak.
func (k *keeping) made(ext string) bool {
	return slices.Contains([]string{"", ".gz", ".zst"}, ext) || k.file.Compress != nil && ext == k.file.Compress.Ext()
}

func (k *keeping) drop(names []string) error {
	for _, name := range names {
		if err := k.remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func isOriginal(name, base string) bool {
	_, ext, _ := parseNumbered(name, base)
	return ext == ""
}
