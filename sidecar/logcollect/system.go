package logcollect

import (
	"os"

	"github.com/fsnotify/fsnotify"
)

// A system is what tests can't make the operating system do. Its zero value is
// the real one.
type system struct {
	distant func(dir *os.File) bool
	watch   func(w *fsnotify.Watcher, dir string) error
}

// isDistant tells whether others than this system may write to the filesystem
// that dir is on, or whether that can't be known.
func (s system) isDistant(dir *os.File) bool {
	if s.distant != nil {
		return s.distant(dir)
	}
	return distant(dir)
}

func (s system) add(w *fsnotify.Watcher, dir string) error {
	if s.watch != nil {
		return s.watch(w, dir)
	}
	return w.Add(dir)
}
