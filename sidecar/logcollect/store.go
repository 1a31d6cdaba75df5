package logcollect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
)

// A store keeps the checkpoint: in memory as it is to be, and in two files. The
// one that has its name is replaced as a whole and brought to disk, which takes
// as long as the disk does. The recent one is overwritten in place, for what was
// delivered since, so that it may be torn or missing after loss of power, and then
// does not count. The recent one also is the lock that keeps other Collectors away.
type store struct {
	root   *os.Root
	name   string
	recent *os.File

	checkpoint
	index map[fileID]int // of files
	text  []byte
	dirty bool // not as in the file that has its name
}

// openStore locks and reads the checkpoint called name. damage says why one that
// is there was not used.
func openStore(root *os.Root, name string) (s *store, damage, err error) {
	s = &store{root: root, name: name, index: map[fileID]int{}, dirty: true}
	err = root.MkdirAll(path.Dir(name), 0o755)
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
	f, err := s.root.OpenFile(s.recentName(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	ok, err := lock(f)
	if !ok {
		f.Close()
		return cmp.Or(err, errors.New("in use by another Collector: each needs a Checkpoint of its own"))
	}
	s.recent = f
	return nil
}

// load takes the later one of the two files.
func (s *store) load() (damage, err error) {
	for _, name := range []string{s.name, s.recentName()} {
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

func (s *store) recentName() string { return s.name + ".recent" }
func (s *store) tempName() string   { return s.name + ".tmp" }

// owns tells whether name is one of the store's files.
func (s *store) owns(name string) bool {
	return name == s.name || name == s.recentName() || name == s.tempName()
}

// close leaves the lock's file: removing it would let two others lock two files.
func (s *store) close() error {
	if s.recent == nil {
		return nil
	}
	return errors.Join(unlock(s.recent), s.recent.Close())
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

// note writes the recent file.
func (s *store) note() error {
	s.seq++
	s.text = s.checkpoint.append(s.text[:0])
	if _, err := s.recent.WriteAt(s.text, 0); err != nil {
		return err
	}
	return s.recent.Truncate(int64(len(s.text)))
}

// save replaces the checkpoint as a whole: at any time there is the old one or
// the new one.
func (s *store) save() error {
	if !s.dirty {
		return nil
	}
	s.seq++
	s.text = s.checkpoint.append(s.text[:0])
	f, err := s.root.OpenFile(s.tempName(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(s.text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.root.Rename(s.tempName(), s.name); err != nil {
		return err
	}
	if err := syncDir(s.root, path.Dir(s.name)); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// syncDir makes the names in a directory durable. Windows has no such call and
// journals them.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
