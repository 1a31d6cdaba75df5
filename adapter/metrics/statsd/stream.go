package statsd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A stream takes samples over TCP, a line each.
type stream struct {
	source *Source
	l      net.Listener
	busy   sync.WaitGroup
}

func newStream(s *Source, l net.Listener) *stream {
	return &stream{source: s, l: l}
}

const (
	pause   = 100 * time.Millisecond // before another try, where there are no descriptors
	unread  = 8 << 20                // bytes that the kernel holds of a connection at most
	atOnce  = 64 << 10               // bytes that are read at once, or two lines
	tooMany = "statsd: no connection can be accepted"
)

// accept serves connections until ctx is done, and then those that have come
// until then, for as long as they have something to say.
func (s *stream) accept(ctx, grace context.Context) error {
	defer s.busy.Wait()
	limit := s.l.(interface{ SetDeadline(time.Time) error })
	defer context.AfterFunc(ctx, func() { limit.SetDeadline(time.Now().Add(silence)) })()
	told := false
	for {
		c, err := s.l.Accept()
		switch {
		case err == nil:
			s.serve(ctx, grace, c)
		case ctx.Err() != nil:
			s.l.Close()
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			if !told {
				sandbox.Logger(ctx).Warn(tooMany, "error", err)
				told = true
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

func (s *stream) serve(ctx, grace context.Context, c net.Conn) {
	if !s.source.network.enter(s.source.maxConns()) {
		c.Close()
		return
	}
	s.busy.Go(func() {
		defer s.source.network.leave()
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Now().Add(silence)) })()
		s.read(ctx, grace, c)
	})
}

// read takes the lines of c. After ctx is done it goes on for as long as there is
// something to read at once, but not for ever.
func (s *stream) read(ctx, grace context.Context, c net.Conn) {
	buf := make([]byte, max(2*s.source.maxLine(), atOnce))
	have, skip := 0, false // skip: the rest of a line that is too long
	left := unread
	for {
		n, err := c.Read(buf[have:])
		lines := buf[:have+n]
		end := bytes.LastIndexByte(lines, '\n') + 1
		if skip && end > 0 {
			first := bytes.IndexByte(lines, '\n') + 1
			s.take(lines[first:end])
			skip = false
		} else if !skip {
			s.take(lines[:end])
		}
		have = copy(buf, lines[end:])
		if have > s.source.maxLine() {
			if !skip {
				s.source.reject(tooLong, 1)
			}
			skip = true
		}
		if skip {
			have = 0
		}
		switch {
		case err == nil && ctx.Err() != nil && grace.Err() == nil && left > 0:
			left -= n
			c.SetReadDeadline(time.Now().Add(silence))
		case err == nil && ctx.Err() == nil:
		case have > 0 && errors.Is(err, io.EOF): // the last line needs no end
			s.take(buf[:have])
			return
		case have > 0:
			s.source.reject(unfinished, 1)
			return
		default:
			return
		}
	}
}

func (s *stream) take(lines []byte) {
	if len(lines) > 0 {
		s.source.takeLines(lines)
	}
}

// takeLines takes what was read at once of a connection.
func (s *Source) takeLines(lines []byte) {
	now := time.Now().UnixNano()
	t := &s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.bytes[overTCP] += uint64(len(lines))
	t.take(lines, now)
}

func (s *Source) reject(why reason, n int) {
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	s.table.count.rejected[why] += uint64(n)
}
