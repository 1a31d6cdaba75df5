package tcpproxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/internal/sockets"
)

const (
	bufferSize = 16 << 10

	// A pipe for splice(2) costs two descriptors and a share of the user's pipe
	// pages (pipe(7), pipe-user-pages-soft), so only a direction that filled this
	// many buffers in a row takes one, and gives it back after a period in which
	// it moved less than so much.
	bulkReads  = 4
	bulkPeriod = time.Second
	bulkBytes  = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// A stream copies one direction of a pair.
type stream struct {
	pair               *pair
	src, dst           net.Conn
	rawSrc, rawDst     net.Conn // what is read and written; src and dst are what is closed
	ahead              []byte   // read of src before it was joined
	other              *stream
	moved              *atomic.Int64
	srcReset, dstReset ending // the pair's, where src or dst is broken
	ended              atomic.Bool
	refused            atomic.Bool // dst did not take some bytes
	reader             reader      // of rawSrc
	writer             writer      // of rawDst, once something was written
}

// An outcome is how a stream ended.
type outcome int

const (
	sourceEnded outcome = iota
	sourceBroke
	targetBroke
)

// run is the life of a stream. The last one ends that of its pair.
func (s *stream) run() {
	r := s.pair.run
	if err := s.copy(); err != nil {
		r.log.Debug("connection broke", "client", s.pair.remote, "err", err)
	}
	if s.pair.left.Add(-1) == 0 {
		r.forget(s.pair)
	}
}

// copy moves bytes until one side has ended, and returns why that broke.
func (s *stream) copy() error {
	err := s.move()
	var refused refusedError
	switch {
	case errors.As(err, &refused):
		s.pair.finish(s, targetBroke)
	case err == io.EOF && !s.hidesReset():
		s.pair.finish(s, sourceEnded)
		return nil
	default:
		s.pair.finish(s, sourceBroke)
	}
	return err
}

// move returns io.EOF, a refusedError, or why src could not be read.
func (s *stream) move() error {
	if len(s.ahead) > 0 {
		if err := s.write(s.ahead); err != nil {
			return refusedError{err}
		}
		s.ahead = nil
	}
	r := &s.reader
	r.init(s.rawSrc)
	spliceable := sockets.CanSplice(s.rawDst, s.rawSrc)
	for full := 0; ; {
		b, err := r.read()
		if len(b) > 0 {
			if werr := s.write(b); werr != nil {
				r.release()
				return refusedError{werr}
			}
		}
		r.release()
		if err != nil {
			return err
		}
		if len(b) < bufferSize {
			full = 0
		} else if full++; full >= bulkReads && spliceable {
			full = 0
			if err := s.splice(); err != nil {
				return err
			}
		}
	}
}

func (s *stream) write(b []byte) error {
	s.pair.busy.Add(1)
	if s.writer.dst == nil {
		s.writer.init(s.rawDst)
	}
	n, err := s.writer.write(b)
	s.wrote(int64(n), err)
	return err
}

// splice has the kernel move the bytes for as long as they are many. It returns
// nil when they no longer are.
func (s *stream) splice() error {
	defer s.rawSrc.SetReadDeadline(time.Time{})
	for {
		s.rawSrc.SetReadDeadline(time.Now().Add(bulkPeriod))
		n, err := s.spliceOnce()
		switch {
		case err == nil:
			return io.EOF
		case errors.Is(err, os.ErrDeadlineExceeded):
			if n < bulkBytes {
				return nil
			}
		case sockets.SourceBroke(s.rawDst, s.rawSrc, err):
			return err
		default:
			return refusedError{err}
		}
	}
}

func (s *stream) spliceOnce() (int64, error) {
	s.pair.busy.Add(1)
	n, err := io.Copy(s.rawDst, s.rawSrc)
	s.wrote(n, err)
	return n, err
}

// wrote counts n bytes moved, and has the pair busy no more.
func (s *stream) wrote(n int64, err error) {
	if n > 0 {
		s.moved.Add(n)
		s.pair.touch()
	}
	if err != nil {
		s.refused.Store(true)
	}
	s.pair.busy.Add(-1)
}

// closeTarget passes the end of src on. It returns false where dst cannot. A failure
// means that dst is broken, which reading from it tells as well, unless the end is a
// write. Such a one crypto/tls gives up for good when it is not taken within 5 s, as
// by a peer that is slow to read.
func (s *stream) closeTarget() bool {
	if isPlain(s.dst) {
		can, _ := closeWrite(s.dst)
		return can
	}
	s.pair.busy.Add(1)
	awaitRoom(s.dst)
	can, err := closeWrite(s.dst)
	s.wrote(0, err)
	return can
}

// hidesReset tells whether the end of src was a reset whose error the other
// direction was given, by a write to the same socket, as the end is in TLS: the
// kernel reports it but once. Without such a write, a closed socket is in order.
func (s *stream) hidesReset() bool {
	return (s.pair.busy.Load() > 0 || s.other.refused.Load()) && sockets.Inspect(socket(s.src)).Closed
}

// A refusedError is why dst did not take the bytes.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }
