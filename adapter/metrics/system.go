package metrics

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// ErrNotAvailable is what a Source returns, wrapped, where the system does not
// have what it measures: another operating system, or no control group.
var ErrNotAvailable = errors.New("not available")

// A system is the seam to the operating system that tests replace.
type system struct {
	goos     string
	root     string // put in front of each path; empty: the machine's own files
	pageSize int64
	pid      int                  // this process
	booted   func() (int64, bool) // when, in Unix nanoseconds; false: it is not known
	reopen   bool                 // keep no file open: one of a test does not end with its process
}

var machine = &system{goos: runtime.GOOS, pageSize: int64(os.Getpagesize()), pid: os.Getpid(), booted: bootTime}

func (s *system) orMachine() *system {
	if s == nil {
		return machine
	}
	return s
}

func (s *system) available(what string) error {
	if s.goos != "linux" {
		return fmt.Errorf("%s: %w on %s, only on linux", what, ErrNotAvailable, s.goos)
	}
	return nil
}

// since is how many seconds have passed since start in Unix nanoseconds.
func since(start int64) float64 {
	return max(0, time.Duration(time.Now().UnixNano()-start).Seconds())
}

// maxFile bounds what is read of one file under /proc or /sys, in bytes. The
// largest, mountinfo of a node with thousands of mounts, is well below.
const maxFile = 4 << 20

// read reads a file once. What is read at each collection is an [openFile].
func (s *system) read(name string) ([]byte, error) {
	f, err := os.Open(s.root + name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is longer than %d bytes", name, maxFile)
	}
	return data, err
}

// parseFile returns what parse makes of the named file.
func parseFile[T any](s *system, name string, parse func([]byte) (T, error)) (v T, err error) {
	data, err := s.read(name)
	if err != nil {
		return v, err
	}
	if v, err = parse(data); err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

func (s *system) exists(name string) bool {
	_, err := os.Stat(s.root + name)
	return err == nil
}
