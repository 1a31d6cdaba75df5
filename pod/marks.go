package pod

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// marks are the files under .pod in the pod's directory by which containers that
// run alone, each in a process of its own, find one another. A container's mark
// is true for as long as its process holds the lock beside it, so that it ends
// with the process however that ends.
type marks struct {
	dir  string
	name string
	lock *os.File
}

// A mark is what the others know of a container.
type mark struct {
	PID     int    `json:"pid,omitempty"`     // of its current run
	Address string `json:"address,omitempty"` // as Container.Listen
}

const (
	marksDir   = ".pod"
	lockWait   = 2 * time.Second // a reader holds the lock for a moment
	lockPeriod = 10 * time.Millisecond
)

func newMarks(dir, name string) (*marks, error) {
	m := &marks{dir: filepath.Join(dir, marksDir), name: name}
	if err := os.MkdirAll(m.dir, 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(m.path(name, "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); ; waited += lockPeriod {
		err = lockFile(f, true)
		if err == nil || waited >= lockWait {
			break
		}
		time.Sleep(lockPeriod)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("container %q runs in another process on %s: %w", name, dir, err)
	}
	m.lock = f
	return m, nil
}

func (m *marks) path(name, kind string) string { return filepath.Join(m.dir, name+"."+kind) }

// record writes the container's mark. A nil m records nothing: a pod that is
// whole needs none.
func (m *marks) record(c *member, pid int) {
	if m == nil {
		return
	}
	if pid == 0 && c.Command == nil && c.status.State.Running != nil {
		pid = os.Getpid()
	}
	text, _ := json.Marshal(mark{PID: pid, Address: c.status.Address})
	next := m.path(m.name, "next")
	err := os.WriteFile(next, append(text, '\n'), 0o666)
	if err == nil {
		err = os.Rename(next, m.path(m.name, "json"))
	}
	if err != nil {
		c.log.Warn("the other containers can't be told where this one is", "err", err)
	}
}

// held says whether a container runs in another process.
func (m *marks) held(name string) bool {
	f, err := os.OpenFile(m.path(name, "lock"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return lockFile(f, false) != nil
}

// read returns the mark of a container that runs in another process.
func (m *marks) read(name string) (mark, error) {
	unknown := func(why string) (mark, error) {
		return mark{}, fmt.Errorf("%w: container %q %s", sandbox.ErrUnknown, name, why)
	}
	if !m.held(name) {
		return unknown("does not run on this directory")
	}
	text, err := os.ReadFile(m.path(name, "json"))
	if errors.Is(err, os.ErrNotExist) {
		return unknown("has not begun yet")
	}
	var found mark
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		return mark{}, fmt.Errorf("container %q: read its mark: %w", name, err)
	}
	return found, nil
}

// addr is where the marked container listens.
func (k mark) addr() (net.Addr, error) {
	if k.Address == "" {
		return nil, fmt.Errorf("%w: it listens nowhere", sandbox.ErrUnknown)
	}
	if path, ok := strings.CutPrefix(k.Address, "unix:"); ok {
		return &net.UnixAddr{Name: path, Net: "unix"}, nil
	}
	return net.ResolveTCPAddr("tcp", k.Address)
}

// close takes the mark away. The lock's file stays: a process that waits for it
// must not be left with one that nobody else sees.
func (m *marks) close() error {
	if m == nil {
		return nil
	}
	err := os.Remove(m.path(m.name, "json"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, m.lock.Close())
}
