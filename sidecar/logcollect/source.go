package logcollect

import (
	"cmp"
	"errors"
	"io"
	"os"
	"time"
)

// A source is one file that is followed, through all its names to its end. The
// files that have had one path after another are its generations.
type source struct {
	id     fileID
	origin        // zero: not known
	path   string // where it was found: what its lines are delivered as
	home   string // where that is, free of links
	name   string // where it is now, free of links; empty: nowhere under a known name
	shared bool   // it has several names

	f     *os.File // nil: closed, or not opened yet
	next  int64    // of the first byte that was not read into a batch
	guard guard    // of the bytes before next
	size  int64    // as last seen, not below next
	mod   time.Time
	since time.Time // when it was last seen to change
	round int       // of the scan that last found it
	moved time.Time // when it lost its path; zero: it has it

	unchecked bool // recalled from a checkpoint, and not opened yet: guard is to have sum
	sum       uint64

	cut    int64 // up to where it was read before it was truncated, while it may begin with a hole
	inHole bool  // what comes next may be of the hole still
	void   int64 // its size when nothing was written behind the size above

	place place // at next
	seen  int   // of the bytes behind next, those that are lines but not yet an event
	long  bool  // its lines are being split
	err   error

	queued bool
	held   bool      // flush looks after it
	paused bool      // its last event is complete, if nothing follows
	quiet  int64     // the size that it had then
	ending bool      // to be read with its partial line
	target int64     // in a drain, how far to read before the next scan
	due    int64     // what it had at the beginning of the drain, or when it was found in it
	before *source   // the generation to be read first; nil: none, or done
	after  *source   // the generation to be read next; nil: none
	left   time.Time // since when settle looks after it; zero: it does not
	gone   time.Time // since when it has no name
	away   bool      // it was not found for long: just remembered, in case that it comes back
}

// errReplaced says that a file does not have the bytes that were read from it.
var errReplaced = errors.New("cut or rewritten")

// peek reads what follows next into buf[n:n+limit], and tells whether that was
// the end of the file. The guard is read with it, over bytes of buf that are put
// back, so that no rewriting goes unnoticed and no second call is needed.
func (s *source) peek(buf []byte, n, limit int) (data []byte, eof bool, err error) {
	g := s.guard.n
	var saved [guardSize]byte
	copy(saved[:], buf[n-g:n])
	k, err := s.f.ReadAt(buf[n-g:n+limit], s.next-int64(g))
	same := k >= g && string(buf[n-g:n]) == string(s.guard.get())
	copy(buf[n-g:n], saved[:])
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	if !same {
		return nil, false, errReplaced
	}
	return buf[n : n+k-g], err == io.EOF, nil
}

// advance moves next behind data, which was read there.
func (s *source) advance(data []byte) {
	s.next += int64(len(data))
	s.guard.append(data)
}

func (s *source) progress() progress {
	sum := s.guard.sum()
	if s.unchecked {
		sum = s.sum
	}
	home := s.home
	if home == s.path {
		home = ""
	}
	at := s.place
	if s.inHole {
		at = inHole
	}
	return progress{s.id, s.origin, s.next, sum, s.cut, at, s.away, s.path, home}
}

// recall returns what p is about, as far as that is known without opening it.
func recall(p progress) *source {
	s := &source{
		id: p.id, origin: p.origin, path: p.path, home: cmp.Or(p.home, p.path), cut: p.cut, place: p.place, away: p.away,
		next: p.offset, size: p.offset, since: time.Now(),
		unchecked: true, sum: p.guard,
	}
	if s.inHole = p.place == inHole; s.inHole {
		s.place = lineStart
	}
	return s
}
