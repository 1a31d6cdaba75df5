package logcollect

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"io"
)

// To returns a Sink that writes the lines to w, as os.Stdout, a pipe or a
// connection, and that takes what w has taken for safe.
//
// Where w takes only a part, the rest follows from that byte on: w must count
// what it has taken. So no line is torn, also not over two runs of a Collector.
// A Write of w can't be interrupted: one that blocks past the end of the grace
// period ends the run with an error, and holds up the next one.
func To(w io.Writer) Sink { return &writer{w: w, seed: maphash.MakeSeed()} }

type writer struct {
	w    io.Writer
	seed maphash.Seed

	// Of a batch that w has taken a part of. The next run may not bring the same
	// batch again, but one that begins elsewhere or is longer.
	hash uint64
	size int
	done int
	rest []byte // of the line that was being written
}

func (s *writer) Write(_ context.Context, batch Batch) error {
	lines := batch.Lines
	if s.done > 0 {
		if len(lines) == s.size && maphash.Bytes(s.seed, lines) == s.hash {
			lines = lines[s.done:]
		} else {
			n, err := s.write(s.rest)
			s.rest = s.rest[n:]
			if err != nil {
				return err
			}
			s.done = 0
		}
	}
	n, err := s.write(lines)
	if err == nil {
		s.done, s.rest = 0, nil
		return nil
	}
	if s.done+n > 0 {
		s.remember(batch.Lines, s.done+n)
	}
	return err
}

// remember notes that w has taken done bytes of lines.
func (s *writer) remember(lines []byte, done int) {
	s.size, s.done, s.hash = len(lines), done, maphash.Bytes(s.seed, lines)
	s.rest = nil
	if lines[done-1] != '\n' {
		rest := lines[done:]
		s.rest = bytes.Clone(rest[:bytes.IndexByte(rest, '\n')+1])
	}
}

func (s *writer) write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.w.Write(p)
	if n < 0 || n > len(p) {
		return 0, fmt.Errorf("%T.Write says it took %d of %d bytes", s.w, n, len(p))
	}
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}
