package metrics

import (
	"fmt"
	"io"
	"os"
	"runtime"
)

// A system is the seam to the operating system that tests replace.
type system struct {
	goos     string
	root     string // put in front of each path; empty: the machine's own files
	pageSize int64
	pid      int // this process
}

var machine = &system{goos: runtime.GOOS, pageSize: int64(os.Getpagesize()), pid: os.Getpid()}

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

// maxFile bounds what is read of one file under /proc or /sys, in bytes. The
// largest, mountinfo of a node with thousands of mounts, is well below.
const maxFile = 4 << 20

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
