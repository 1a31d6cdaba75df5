// Package sinktest tests sinks of logcollect that can go back to where they were.
package sinktest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// TestResumer tests that what a Resumer has taken is exact, whenever it crashes: it
// writes, marks and resumes it at random, with the Marks lost that a crash may
// lose, and compares what it has with what it must have.
//
// open returns the Resumer as a new process would find it, of which the one before
// is not closed and used no more; it is called for each crash. read returns all the
// lines that it has, of all runs, in their order. Both end the test if they fail.
func TestResumer(t *testing.T, open func() logcollect.Resumer, read func() []byte) {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for seed := range uint64(20) {
		s := &script{T: t, ctx: t.Context(), root: root, random: rand.New(rand.NewPCG(seed, seed)), read: read}
		s.sink = open()
		s.resume("") // of another time: what is there stays
		s.want = bytes.Clone(read())
		s.saved = len(s.want)
		for range 50 {
			s.step(open)
		}
		s.mark()
		s.close()
		s.check(len(s.want))
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

type script struct {
	*testing.T
	ctx    context.Context
	root   *os.Root
	random *rand.Rand
	read   func() []byte
	sink   logcollect.Resumer

	n     int
	want  []byte
	at    string // the mark of the checkpoint
	saved int    // of want, by then
}

func (s *script) step(open func() logcollect.Resumer) {
	switch s.random.IntN(10) {
	case 0, 1, 2, 3, 4, 5:
		s.write()
	case 6, 7:
		s.mark()
	case 8: // the end of a run, which may have written more than it has marked
		s.close()
		s.back(open)
	case 9: // a crash, perhaps before the last mark was in the checkpoint
		at, saved := s.at, s.saved
		if s.random.IntN(2) == 0 {
			s.mark()
			s.at, s.saved = at, saved
		}
		s.back(open)
	}
}

func (s *script) write() {
	var b logcollect.Batch
	for range 1 + s.random.IntN(3) {
		b.Lines = fmt.Appendf(b.Lines, "line %d of the test%*s\n", s.n, s.random.IntN(200), "")
		s.n++
	}
	b.Chunks = []logcollect.Chunk{{Path: "test.log", Lines: b.Lines, Count: bytes.Count(b.Lines, []byte("\n"))}}
	if err := s.sink.Write(s.ctx, b); err != nil {
		s.Fatalf("Write: %v", err)
	}
	s.want = append(s.want, b.Lines...)
}

func (s *script) mark() {
	at, err := s.sink.Mark(s.ctx)
	if err != nil {
		s.Fatalf("Mark: %v", err)
	}
	if again, err := s.sink.Mark(s.ctx); err != nil || again != at {
		s.Fatalf("Mark without a Write between: %q, %v, not %q", again, err, at)
	}
	s.at, s.saved = at, len(s.want)
	s.check(s.saved)
}

func (s *script) back(open func() logcollect.Resumer) {
	s.sink = open()
	s.want = s.want[:s.saved]
	s.resume(s.at)
	s.check(s.saved)
}

func (s *script) resume(mark string) {
	err := s.sink.Resume(s.ctx, logcollect.Resume{Root: s.root, Mark: mark})
	if err != nil {
		s.Fatalf("Resume at %q: %v", mark, err)
	}
	if s.at, err = s.sink.Mark(s.ctx); err != nil {
		s.Fatalf("Mark after Resume: %v", err)
	}
}

func (s *script) close() {
	if err := s.sink.Close(); err != nil {
		s.Fatalf("Close: %v", err)
	}
}

// check compares the first n bytes that are wanted, which must be there.
func (s *script) check(n int) {
	got := s.read()
	if !bytes.HasPrefix(got, s.want[:n]) {
		s.Errorf("it has %d bytes, which do not begin with the %d that it must have by then", len(got), n)
	}
}
