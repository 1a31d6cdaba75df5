package logcollect

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A recorder is a tap that notes all changes, so that the disk can be put into any
// state that a crash at any time could have left. It keeps each file that was made
// under a second name, so that it has its identity in all of these states.
type recorder struct {
	*testing.T
	stash string

	mu     sync.Mutex
	made   []string       // the second names, by number
	opened map[string]int // the number of the file that was last opened by that name
	named  map[string]int
	all    []recorded
}

// A recorded change is of the file with a number.
type recorded struct {
	change
	file int
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{T: t, stash: fastDir(t), opened: map[string]int{}, named: map[string]int{}}
}

// fastDir is a directory in memory, where there is such a filesystem: these tests
// make thousands of small files.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "logcollect")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (r *recorder) tap(c change, do func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := unsynced(c, do); err != nil {
		return err
	}
	c.data = bytes.Clone(c.data)
	switch c.op {
	case "create":
		n, known := r.named[c.name]
		if !known {
			n = len(r.made)
			r.made = append(r.made, filepath.Join(r.stash, fmt.Sprint(n)))
			if err := os.Link(c.name, r.made[n]); err != nil {
				r.Error(err)
			}
			r.named[c.name] = n
			r.all = append(r.all, recorded{c, n})
		}
		r.opened[c.name] = n
		return nil
	case "write", "truncate", "sync":
		r.all = append(r.all, recorded{c, r.opened[c.name]})
		return nil
	case "rename":
		r.named[c.to] = r.named[c.name]
		delete(r.named, c.name)
		r.all = append(r.all, recorded{c, r.named[c.to]})
		return nil
	case "remove":
		delete(r.named, c.name)
	}
	r.all = append(r.all, recorded{c, -1})
	return nil
}

// A disk state is the names there are, and what is in the files.
type diskState struct {
	names map[string]int
	files map[int][]byte
}

// after returns the state of the disk after some changes when the process is
// killed. The last write may be torn.
func (r *recorder) after(n int, random *rand.Rand) diskState {
	s := diskState{map[string]int{}, map[int][]byte{}}
	for i, c := range r.all[:n] {
		if c.op == "write" && i == n-1 {
			c.data = c.data[:random.IntN(len(c.data)+1)]
		}
		s.change(c)
	}
	return s
}

// without returns a state that the disk may have after some changes when the power
// is lost: what was not brought to disk is there, or not, or in part.
func (r *recorder) without(n int, random *rand.Rand) diskState {
	s := diskState{map[string]int{}, map[int][]byte{}}
	likely := random.IntN(101) // to be on disk
	dropped := map[string]bool{}
	for i, c := range r.all[:n] {
		if c.op == "syncdir" || c.op == "sync" || r.synced(i, n) {
			s.change(c)
			continue
		}
		drop := random.IntN(100) >= likely
		switch c.op {
		case "create", "rename", "remove":
			// The changes of one name have an order.
			if drop || dropped[c.name] || c.to != "" && dropped[c.to] {
				dropped[c.name], dropped[c.to] = true, c.to != ""
				continue
			}
		case "write":
			if drop {
				c.data = c.data[:random.IntN(len(c.data)+1)]
			}
		case "truncate":
			if drop {
				continue
			}
		}
		s.change(c)
	}
	return s
}

// synced tells whether a change was brought to disk by one of the first n.
func (r *recorder) synced(i, n int) bool {
	c := r.all[i]
	return slices.ContainsFunc(r.all[i+1:n], func(later recorded) bool {
		switch c.op {
		case "create", "remove":
			return later.op == "syncdir" && later.name == filepath.Dir(c.name)
		case "rename": // within one directory
			return later.op == "syncdir" && later.name == filepath.Dir(c.to)
		}
		return later.op == "sync" && later.file == c.file
	})
}

func (s *diskState) change(c recorded) {
	switch c.op {
	case "create":
		s.names[c.name] = c.file
	case "rename":
		delete(s.names, c.name)
		s.names[c.to] = c.file
	case "remove":
		delete(s.names, c.name)
	case "write":
		text := s.files[c.file]
		if missing := int(c.at) + len(c.data) - len(text); missing > 0 && len(c.data) > 0 {
			text = append(text, make([]byte, missing)...)
		}
		copy(text[min(int(c.at), len(text)):], c.data)
		s.files[c.file] = text
	case "truncate":
		text := s.files[c.file]
		s.files[c.file] = append(text[:min(len(text), int(c.at))], make([]byte, max(0, int(c.at)-len(text)))...)
	}
}

// restore puts the directories into a state.
func (r *recorder) restore(s diskState, dirs ...string) {
	r.Helper()
	for _, dir := range dirs {
		require.NoError(r, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			return os.Remove(name)
		}))
	}
	for name, n := range s.names {
		require.NoError(r, os.WriteFile(r.made[n], s.files[n], 0o644))
		require.NoError(r, os.Link(r.made[n], name))
	}
}

// changes lists them, for a test that fails.
func (r *recorder) changes(n int) (list string) {
	for i, c := range r.all[max(0, n-30):n] {
		list += fmt.Sprintf("%d %s #%d %s %s at %d, %d bytes\n", max(0, n-30)+i, c.op, c.file, c.name, c.to, c.at, len(c.data))
	}
	return list
}
