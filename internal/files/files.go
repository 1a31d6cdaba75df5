// Package files reads small files that others write and replace while they are
// read, as blocks are configured by.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrEmptyPath is what [Read] returns for no path at all.
var ErrEmptyPath = errors.New("the path is empty")

// Read returns what the file has, if that is no more than limit bytes. A relative
// path is one in root, and stays inside it; without a root it is one in the
// working directory. An absolute path is one of the machine.
func Read(root *os.Root, path string, limit int64) ([]byte, error) {
	if path == "" {
		return nil, ErrEmptyPath
	}
	stat, open := os.Stat, os.Open
	if root != nil && !filepath.IsAbs(path) {
		stat, open = root.Stat, root.Open
	}
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, fmt.Errorf("%s is no regular file: %v", path, info.Mode().Type())
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return b.Bytes(), nil
}
