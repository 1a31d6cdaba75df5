package pod

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
)

// A directory is what the containers of a run share. A temporary one lives until
// the run and each container in it has left, an abandoned one included.
type directory struct {
	path      string
	temporary bool
	made      bool // by us
	users     atomic.Int64
}

func openDirectory(pod, dir string) (*directory, error) {
	d := &directory{temporary: dir == ""}
	d.users.Store(1)
	var err error
	if d.temporary {
		d.path, err = os.MkdirTemp("", "pod-"+pod+"-")
	} else if d.path, err = filepath.Abs(dir); err == nil {
		_, missing := os.Stat(d.path)
		d.made = errors.Is(missing, os.ErrNotExist)
		err = os.MkdirAll(d.path, 0o777)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// enter is one more user.
func (d *directory) enter() { d.users.Add(1) }

// leave is one user less. The last one removes a temporary directory.
func (d *directory) leave() error {
	if d.users.Add(-1) > 0 || !d.temporary {
		return nil
	}
	if err := os.RemoveAll(d.path); err != nil {
		return fmt.Errorf("remove the temporary directory: %w", err)
	}
	return nil
}

// undo leaves the machine as it was where nothing was started.
func (d *directory) undo() {
	if d.made {
		os.Remove(filepath.Join(d.path, marksDir))
		os.Remove(d.path)
	}
}

// root opens a container's own view of the directory.
func (d *directory) root() (*os.Root, error) { return os.OpenRoot(d.path) }
