package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// counts are what the run is judged by.
type counts struct {
	served    int64 // requests whose answer the clients have whole
	logged    int64 // lines of the access log, all its generations together
	collected int64 // lines that have reached the collector's sink
}

func (c counts) String() string {
	return fmt.Sprintf("served=%d logged=%d collected=%d", c.served, c.logged, c.collected)
}

func (c counts) check() error {
	if c.served != c.logged || c.logged != c.collected {
		return errors.New("what was served, logged and collected is not the same")
	}
	return nil
}

// count reads what was logged and collected in dir.
func count(dir string) (logged, collected int64, err error) {
	logged, err = countLines(os.DirFS(dir), accessLog+"*")
	if err != nil {
		return 0, 0, err
	}
	collected, err = countLines(os.DirFS(dir), collection)
	return logged, collected, err
}

func countLines(dir fs.FS, pattern string) (n int64, err error) {
	names, err := fs.Glob(dir, pattern)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		f, err := dir.Open(name)
		if err != nil {
			return 0, err
		}
		lines, err := newlines(f)
		f.Close()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		n += lines
	}
	return n, nil
}

func newlines(r io.Reader) (n int64, err error) {
	buf := make([]byte, 64<<10)
	for {
		read, err := r.Read(buf)
		n += int64(bytes.Count(buf[:read], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
