package logcollect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// A store keeps the checkpoint: in memory as it is to be, and in three files. The
// two recent ones are overwritten in place, in turn: should one be torn, the one
// before is there. The one that has its name is replaced as a whole, which takes as
// long as the disk does: with sync for every save, and brought to disk, else now and
// then. The first of the recent ones also is the lock that keeps other Collectors
// away.
type store struct {
	disk
	name   string
	recent [len(recentExt)]*os.File
	sync   bool

	checkpoint
	index map[fileID]int // of files
	text  []byte
	dirty bool // not as in the files

	placed   uint64              // seq of what the file that has its name holds
	replaced time.Time           // when the file that has its name was
	noted    [len(recentExt)]int // the sizes of the recent ones
}

// openStore locks and reads the checkpoint called name. damage says why one that
// is there was not used.
func openStore(d disk, name string, sync bool) (s *store, damage, err error) {
	s = &store{disk: d, name: name, sync: sync, index: map[fileID]int{}, dirty: true}
	err = d.mkdirAll(path.Dir(name), sync)
	if err == nil {
		err = s.acquire()
	}
	if err == nil {
		damage, err = s.load()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint %q: %w", name, errors.Join(err, s.close()))
	}
	return s, damage, nil
}

func (s *store) acquire() error {
	for _, ext := range append([]string{"", tempExt}, recentExt[:]...) {
		if fi, err := s.root.Stat(s.name + ext); err == nil && !fi.Mode().IsRegular() {
			return fmt.Errorf("%s is %w but %s", s.name+ext, errIrregular, kind(fi.Mode())) // to open a pipe may block
		}
	}
	for i, ext := range recentExt {
		name := s.name + ext
		f, err := s.disk.open(name, 0)
		if err != nil {
			return err
		}
		if i == 0 {
			if ok, err := lock(f); !ok {
				f.Close()
				return cmp.Or(err, errors.New("in use by another Collector: each needs a Checkpoint of its own"))
			}
		}
		s.recent[i] = f
	}
	return nil
}

// load takes the latest one of the files. damage says why the one that has the
// name is not it.
func (s *store) load() (damage, err error) {
	for _, ext := range append([]string{""}, recentExt[:]...) {
		name := s.name + ext
		text, err := s.root.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c, err := parseCheckpoint(string(text))
		switch {
		case errors.Is(err, errVersion):
			return nil, err
		case err == nil && c.seq >= s.seq:
			s.checkpoint = *c
		case err != nil && name == s.name:
			damage = err
		}
	}
	s.reindex()
	return damage, nil
}

func (s *store) tempName() string { return s.name + tempExt }

func isCheckpoint(name, checkpoint string) bool {
	rest, ok := strings.CutPrefix(name, checkpoint)
	return ok && (rest == "" || rest == tempExt || slices.Contains(recentExt[:], rest))
}

const tempExt = ".tmp"

var recentExt = [2]string{".recent", ".recent2"}

// close leaves the lock's file: removing it would let two others lock two files.
func (s *store) close() (err error) {
	if s.recent[0] != nil {
		err = unlock(s.recent[0])
	}
	for _, f := range s.recent {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

func (s *store) reindex() {
	clear(s.index)
	for i, p := range s.files {
		s.index[p.id] = i
	}
}

func (s *store) put(p progress) {
	s.dirty = true
	if i, known := s.index[p.id]; known {
		s.files[i] = p
		return
	}
	s.index[p.id] = len(s.files)
	s.files = append(s.files, p)
}

func (s *store) remove(ids []fileID) {
	if len(ids) == 0 {
		return
	}
	s.dirty = true
	s.files = slices.DeleteFunc(s.files, func(p progress) bool { return slices.Contains(ids, p.id) })
	s.reindex()
}

// note writes the recent file that was not written last.
func (s *store) note() error {
	s.seq++
	s.text = s.checkpoint.append(s.text[:0])
	i := s.seq % uint64(len(s.recent))
	f, size := s.recent[i], len(s.text)
	_, err := s.write(f, s.text, 0)
	if err == nil && s.noted[i] != size {
		err = s.truncate(f, int64(size))
	}
	s.noted[i] = size
	if err != nil {
		s.seq-- // the other one is whole
		s.noted[i] = -1
	}
	return err
}

// replaceInterval is how often the file that has the name is replaced without sync.
// The system writes in the background what is older.
const replaceInterval = 30 * time.Second

// save notes the checkpoint.
func (s *store) save() error {
	if !s.dirty {
		return nil
	}
	if err := s.note(); err != nil {
		return err
	}
	if s.sync || time.Since(s.replaced) >= replaceInterval {
		if err := s.replace(); err != nil {
			return err
		}
	}
	s.dirty = false
	return nil
}

// replace puts what was noted last under the name: at any time that is the old
// checkpoint or the new one.
func (s *store) replace() error {
	f, err := s.disk.open(s.tempName(), os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = s.write(f, s.text, 0)
	if err == nil && s.sync {
		err = s.disk.sync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.rename(s.tempName(), s.name); err != nil {
		return err
	}
	if s.sync {
		if err := s.syncDir(path.Dir(s.name)); err != nil {
			return err
		}
	}
	s.placed, s.replaced = s.seq, time.Now()
	return nil
}

// finish has the file that has the name be the latest one.
func (s *store) finish() error {
	if s.placed == s.seq {
		return nil
	}
	return s.replace()
}
