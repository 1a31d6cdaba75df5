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
	ahead     chan *os.Root // of runs to come
	left      atomic.Int64  // to be opened ahead
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

// openAhead opens the roots of the next n runs, which would wait for theirs one
// after the other. What fails here is tried again by the run that needs it.
func (d *directory) openAhead(n int) {
	d.ahead = make(chan *os.Root, n)
	d.left.Store(int64(n))
	go func() {
		defer close(d.ahead)
		for d.left.Add(-1) >= 0 {
			root, err := os.OpenRoot(d.path)
			if err != nil {
				return
			}
			d.ahead <- root
		}
	}()
}

// root is a run's own view of the directory. A run that comes too soon opens it
// itself, and leaves one less to be opened ahead.
func (d *directory) root() (*os.Root, error) {
	select {
	case root, ok := <-d.ahead:
		if ok {
			return root, nil
		}
	default:
		if d.left.Add(-1) >= 0 {
			break
		}
		if root, ok := <-d.ahead; ok { // the last of them is being opened
			return root, nil
		}
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, &startError{fmt.Errorf("open its root: %w", err)}
	}
	return root, nil
}

// close closes what was opened ahead of runs that did not come, and leaves.
func (d *directory) close() error {
	if d.ahead != nil {
		d.left.Store(0)
		for root := range d.ahead {
			root.Close()
		}
	}
	return d.leave()
}
