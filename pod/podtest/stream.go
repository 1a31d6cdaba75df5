package podtest

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A stream is one direction of a connection: what one end writes and the other
// reads.
type stream struct {
	mu       sync.Mutex
	changed  sync.Cond
	road     *road
	buf      bytes.Buffer // at most streamBuffer
	transit  transit      // of what is in buf, what has yet to arrive
	writing  bool         // a Write is at it, and others wait: what each writes stays together
	readEnd  end
	writeEnd end
	reset    bool
}

// An end is the reader's or the writer's half of a stream.
type end struct {
	shut     bool // by CloseRead or CloseWrite
	closed   bool
	deadline deadline
}

func newStream(r *road) *stream {
	s := &stream{road: r}
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readEnd.closed:
			return 0, net.ErrClosed
		case s.readEnd.deadline.passed:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case s.readEnd.shut:
			return 0, io.EOF
		case s.buf.Len() > s.transit.bytes: // before a reset too, as on Linux
			n, _ := s.buf.Read(b[:min(len(b), s.buf.Len()-s.transit.bytes)])
			s.changed.Broadcast()
			return n, nil
		case s.transit.under(): // and the end, whichever it is, after it
		case s.reset:
			return 0, failed("read", syscall.ECONNRESET)
		case s.writeEnd.shut, s.writeEnd.closed:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writing {
		if err := s.writeErrorLocked(); err != nil {
			return 0, err
		}
		s.changed.Wait()
	}
	s.writing = true
	defer func() {
		s.writing = false
		s.changed.Broadcast()
	}()
	for {
		if err := s.writeErrorLocked(); err != nil {
			return n, err
		}
		if s.readEnd.shut || s.readEnd.closed { // the kernel takes it as well, and nobody will read it
			return n + len(b), nil
		}
		now := min(len(b), streamBuffer-s.buf.Len())
		s.buf.Write(b[:now])
		s.sendLocked(now)
		n, b = n+now, b[now:]
		s.changed.Broadcast()
		if len(b) == 0 {
			return n, nil
		}
		s.changed.Wait()
	}
}

// writeErrorLocked is what a Write is told. What the other end did it hears of only
// over an open road.
func (s *stream) writeErrorLocked() error {
	heard := !s.road.cut.Load()
	switch {
	case s.writeEnd.closed:
		return net.ErrClosed
	case s.writeEnd.deadline.passed:
		return os.ErrDeadlineExceeded
	case s.reset && heard:
		return failed("write", syscall.ECONNRESET)
	case s.writeEnd.shut, s.readEnd.closed && heard:
		return failed("write", syscall.EPIPE)
	}
	return nil
}

// close closes an end, and says whether it was open and whether it left anything
// unread. A reset is what the other end then sees.
func (s *stream) close(e *end, reset bool) (was, unread bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.closed {
		return false, false
	}
	e.closed = true
	e.deadline.stop()
	if e == &s.readEnd {
		unread = s.buf.Len() > 0
		s.dropLocked()
	} else {
		s.sendLocked(0)
	}
	s.reset = s.reset || reset || unread
	s.changed.Broadcast()
	return true, unread
}

func (s *stream) shut(e *end) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.shut = true
	if e == &s.readEnd {
		s.dropLocked()
	} else {
		s.sendLocked(0)
	}
	s.changed.Broadcast()
	return nil
}

// dropLocked forgets what nobody will read.
func (s *stream) dropLocked() {
	s.buf = bytes.Buffer{}
	s.transit.end()
}

func (s *stream) setDeadline(e *end, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.deadline.set(&s.changed, t)
	return nil
}
