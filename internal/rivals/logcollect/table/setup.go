package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	defaultWatch = 5 * time.Second
	tooLong      = 5 * time.Minute // nothing here takes so long
	lineSize     = 200
)

// A setup is how much is measured.
type setup struct {
	size   int64
	rounds int
	watch  time.Duration
	dir    string
	files  int // idle ones; 0: 1,000
}

// place makes a directory for one peer, which is removed at the end.
func (s setup) place() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(s.dir, "table-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// fillLog writes numbered lines of lineSize bytes and returns how many.
func fillLog(name string, size int64) (lines int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var block bytes.Buffer
	for written := int64(0); written < size; written += int64(block.Len()) {
		block.Reset()
		for range 5000 {
			block.WriteString(numbered(lines))
			lines++
		}
		if _, err := f.Write(block.Bytes()); err != nil {
			return 0, err
		}
	}
	return lines, nil
}

func numbered(n int64) string {
	return fmt.Sprintf("%012d %s\n", n, strings.Repeat("x", lineSize-14))
}

// catchUp has a peer read the log in dir from its beginning to its end.
func catchUp(p peer, dir string, lines int64, toFile bool) (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	defer cancel()
	o := order{Peer: p.name, Dir: dir, Until: lines}
	if toFile {
		o.Out = filepath.Join(dir, "out")
	}
	defer forget(dir)
	r, err := o.run(ctx)
	if err == nil && r.Lines < lines {
		err = fmt.Errorf("%s: %d of %d lines", p.name, r.Lines, lines)
	}
	return r, err
}

// forget removes all but the logs.
func forget(dir string) {
	for _, name := range []string{"out", ".logcollect", "otel.state"} {
		os.RemoveAll(filepath.Join(dir, name))
	}
}

// idle has a peer follow files in which nothing happens.
func (s setup) idle(p peer) (result, error) {
	dir, remove, err := s.place()
	if err != nil {
		return result{}, err
	}
	defer remove()
	files := s.files
	if files == 0 {
		files = 1000
	}
	text := strings.Repeat(strings.Repeat("x", lineSize-1)+"\n", 49)
	for i := range files {
		// Fileconsumer tells files apart by their beginning.
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.log", i)), []byte(numbered(int64(i))+text), 0o644); err != nil {
			return result{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	defer cancel()
	return order{Peer: p.name, Dir: dir, Until: int64(files) * 50, Idle: s.watch}.run(ctx)
}
