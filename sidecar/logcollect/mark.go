package logcollect

import (
	"fmt"
	"io"
	"os"
	"time"
)

// A fileMark is the mark of a File: what it was up to then.
type fileMark struct {
	number int64 // that the file is given when it is rotated
	length int64
	id     fileID
	born   int64     // nanoseconds since 1970, 0: not known
	sum    uint64    // of the bytes right before length
	since  time.Time // of the first line
}

func (m fileMark) String() string {
	return fmt.Sprintf("%d %d %d %d %d %x %d", m.number, m.length, m.id.dev, m.id.ino, m.born, m.sum, m.since.UnixNano())
}

func parseFileMark(text string) (m fileMark, err error) {
	var since int64
	_, err = fmt.Sscanf(text, "%d %d %d %d %d %x %d", &m.number, &m.length, &m.id.dev, &m.id.ino, &m.born, &m.sum, &since)
	if err != nil || m.number < 0 || m.length < 0 || text != m.with(since).String() {
		return m, fmt.Errorf("mark %q is not of a File: the checkpoint is of another sink", text)
	}
	return m.with(since), nil
}

func (m fileMark) with(since int64) fileMark {
	m.since = time.Unix(0, since)
	return m
}

// isOf tells whether f, which has the mark's identity, is the file that the mark was
// made of: the identity may have been given to another one.
func (m fileMark) isOf(f *os.File) (bool, error) {
	if born := bornAt(f); born != 0 && m.born != 0 && born != m.born {
		return false, nil
	}
	tail, err := tailOf(f, m.length)
	if err == io.EOF {
		return true, nil // shorter than it was
	}
	return tail.sum() == m.sum, err
}

// tailOf returns the guard of the bytes before end, or io.EOF.
func tailOf(f *os.File, end int64) (g guard, err error) {
	g.n = int(min(guardSize, end))
	n, err := f.ReadAt(g.get(), end-int64(g.n))
	if n == g.n {
		err = nil
	}
	return g, err
}
