package logcollect

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// A watch hears from the system which files have changed. It may miss changes,
// and is never told the truth of: what it says leads to a look.
type watch struct {
	log  *slog.Logger
	root *os.Root
	base string                 // the root's path
	own  func(name string) bool // tells what is not to be heard of
	w    *fsnotify.Watcher
	sys  system
	wake chan struct{} // has room for one: there are hints
	done chan struct{}

	failed bool // which was said

	mu     sync.Mutex
	dirs   map[string]bool // that are watched, or can't be: see tree
	ways   map[string]bool
	names  map[string]struct{} // written to
	rescan bool                // names came or went
}

// maxHints is how many names are kept until they are asked for. Of more, all
// files are looked at.
const maxHints = 4096

// newWatch returns nil, and says so, where changes can't be heard of.
func newWatch(root *os.Root, log *slog.Logger, own func(string) bool, sys system) *watch {
	base, err := filepath.Abs(root.Name())
	if err == nil {
		err = sameDir(root, base)
	}
	var w *fsnotify.Watcher
	if err == nil {
		w, err = fsnotify.NewWatcher()
	}
	if err != nil {
		log.Warn("logcollect: no notification of changes, polling only", "err", err)
		return nil
	}
	n := &watch{
		log: log, root: root, base: base, own: own, w: w, sys: sys,
		wake: make(chan struct{}, 1), done: make(chan struct{}), names: map[string]struct{}{},
	}
	go n.listen()
	return n
}

// sameDir checks that base is the directory that root has open. It may have been
// renamed since.
func sameDir(root *os.Root, base string) error {
	inside, err := root.Stat(".")
	if err != nil {
		return err
	}
	outside, err := os.Stat(base)
	if err != nil {
		return err
	}
	if !os.SameFile(inside, outside) {
		return errors.New("the root is not at " + base + " any more")
	}
	return nil
}

// set watches the directories and no others, again where it does already, because
// one may have been replaced by another of its name. more tells whether there was
// a new one, deaf that not all can be watched.
func (n *watch) set(dirs, ways map[string]bool) (more, deaf bool) {
	n.mu.Lock()
	before := n.dirs
	n.dirs, n.ways = maps.Clone(dirs), maps.Clone(ways)
	n.mu.Unlock()
	for dir := range before {
		if _, still := dirs[dir]; !still { // first: its new name may be among dirs
			n.w.Remove(n.path(dir))
		}
	}
	deaf = sameDir(n.root, n.base) != nil
	for dir := range dirs {
		_, known := before[dir]
		err := n.sys.add(n.w, n.path(dir))
		switch {
		case err == nil:
			more = more || !known
		case errors.Is(err, os.ErrNotExist): // it went, or what leads there was replaced
			more, deaf = more || !known, true
		default:
			deaf = true
			if !n.failed {
				n.failed = true
				n.log.Warn("logcollect: no notification of changes in a directory, polling it", "dir", dir, "err", err)
			}
		}
	}
	return more, deaf
}

func (n *watch) path(dir string) string { return filepath.Join(n.base, filepath.FromSlash(dir)) }

func (n *watch) listen() {
	defer close(n.done)
	for {
		select {
		case e, ok := <-n.w.Events:
			if !ok {
				return
			}
			n.hear(e)
		case _, ok := <-n.w.Errors: // of which an overflow is one
			if !ok {
				return
			}
			n.hint("", true)
		}
	}
}

func (n *watch) hear(e fsnotify.Event) {
	name, err := filepath.Rel(n.base, e.Name)
	if name = filepath.ToSlash(name); err != nil || n.own(name) {
		return
	}
	n.mu.Lock()
	way := n.ways[name]
	counts := way || n.dirs[path.Dir(name)]
	n.mu.Unlock()
	switch {
	case e.Has(fsnotify.Create) || e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) || e.Has(fsnotify.Chmod) && way:
		if counts || name == "." {
			n.hint(name, true)
		}
	case e.Has(fsnotify.Write) || e.Has(fsnotify.Chmod):
		n.hint(name, false)
	}
}

func (n *watch) hint(name string, rescan bool) {
	n.mu.Lock()
	if rescan || len(n.names) >= maxHints {
		n.rescan = true
	} else {
		n.names[name] = struct{}{}
	}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take returns the hints there are, and whether a scan is needed.
func (n *watch) take() (names map[string]struct{}, rescan bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	names, rescan = n.names, n.rescan
	n.names, n.rescan = map[string]struct{}{}, false
	return names, rescan
}

func (n *watch) close() {
	n.w.Close()
	<-n.done
}
