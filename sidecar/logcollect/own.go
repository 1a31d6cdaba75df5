package logcollect

import (
	"os"
	"path"
	"path/filepath"
)

// owns tells whether name is one of the files that the Collector or another one of
// its group makes, also where a link leads to its directory.
func (r *run) owns(name string) bool {
	for _, c := range r.group {
		checkpoint := c.checkpoint()
		if isCheckpoint(path.Base(name), path.Base(checkpoint)) && (path.Dir(name) == path.Dir(checkpoint) || r.sameDir(name, path.Dir(checkpoint))) {
			return true
		}
		if f, ok := c.Sink.(outputs); ok && isOutput(path.Base(name), filepath.Base(f.path())) && r.sameDir(name, filepath.Dir(f.path())) {
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

// sameDir tells whether the file called name is in a directory, which is below the
// root or absolute.
func (r *run) sameDir(name, dir string) bool {
	is, err := r.root.Stat(path.Dir(name))
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
