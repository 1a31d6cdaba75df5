package logcollect

import (
	"os"
	"path"
	"path/filepath"
)

// owns tells whether name is one of the files that the Collector or another one of
// its group makes, also where a link leads to its directory.
func (r *run) owns(name string) bool { return r.isOwn(name, r.tree.resolveDir) }

// ownsReal is owns for a name free of links, for any goroutine.
func (r *run) ownsReal(name string) bool {
	return r.isOwn(name, func(dir string) (string, error) { return dir, nil })
}

func (r *run) isOwn(name string, resolve func(dir string) (string, error)) bool {
	base, dir := path.Base(name), path.Dir(name)
	in := func(own string) bool {
		real, err := resolve(dir)
		return err == nil && r.sameDir(real, own)
	}
	for _, c := range r.group {
		checkpoint := c.checkpoint()
		if isCheckpoint(base, path.Base(checkpoint)) && (dir == path.Dir(checkpoint) || in(path.Dir(checkpoint))) {
			return true
		}
		if f, ok := c.Sink.(outputs); ok && isOutput(base, filepath.Base(f.path())) && in(filepath.Dir(f.path())) {
			return true
		}
	}
	return false
}

// moved tells whether a file is one of the sink's that was renamed.
func (r *run) moved(at sighting) bool {
	for _, c := range r.group {
		if f, ok := c.Sink.(outputs); ok && f.had(r.root, at) {
			return true
		}
	}
	return false
}

// sameDir tells whether two directories are the same: one below the root that is
// free of links, and one that is below the root or absolute.
func (r *run) sameDir(real, dir string) bool {
	is, err := r.root.Stat(real)
	if err != nil {
		return false
	}
	stat := r.root.Stat
	if filepath.IsAbs(dir) {
		stat = os.Stat
	}
	of, err := stat(dir)
	return err == nil && os.SameFile(is, of)
}

// outputs is a sink that writes to files.
type outputs interface {
	path() string
	had(root *os.Root, at sighting) bool
}
