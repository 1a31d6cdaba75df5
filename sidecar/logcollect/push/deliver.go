package push

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// regrow is how slowly requests grow again after a 413: by this part of their size
// each, so that a server with a limit refuses one in about 180.
const regrow = 256

// deliver sends the request of p. After nil the next one can be made, of what
// comes behind p, or of fewer of its lines.
func (s *Sink) deliver(ctx context.Context, t *try, p part) error {
	a, err := s.post(ctx)
	if err == nil && a.ok() {
		rejected, why := s.run.enc.taken(a.text)
		s.partial(ctx, p, rejected, why)
		s.take(t, p)
		s.run.limit = min(s.run.limit+s.run.limit/regrow+1, s.maxRequestBytes())
		return nil
	}
	s.count.failures.Add(1)
	if err != nil {
		return err
	}
	switch a.code {
	case http.StatusRequestEntityTooLarge:
		if p.lines > 1 {
			s.run.limit = len(s.run.raw) / 2
			s.count.splits.Add(1)
			return nil
		}
		fallthrough
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if t.refused(p.lines) {
			s.count.splits.Add(1)
			return nil
		}
		return s.refused(ctx, t, p, s.answered(a))
	}
	if wait := a.wait(); wait > 0 {
		s.asked = time.Now().Add(wait)
		return fmt.Errorf("%w; not before %v", s.answered(a), wait)
	}
	return s.answered(a)
}

// take moves t on behind p.
func (s *Sink) take(t *try, p part) {
	t.next = p.to
	t.taken(p.lines)
}

// refused is called for a line that the server refuses by itself.
func (s *Sink) refused(ctx context.Context, t *try, p part, why error) error {
	text := trimEnd(p.line)
	about := []any{"file", p.path, "bytes", len(text), "begin", string(text[:min(len(text), 80)]), "err", why}
	if s.DropRefused {
		s.count.dropped.Add(1)
		s.log(ctx, slog.LevelError, "push: the server refuses a line, which is given up", about...)
		s.take(t, p)
		return nil
	}
	s.log(ctx, slog.LevelError, "push: the server refuses a line, and everything waits for it", about...)
	return fmt.Errorf("%w; it is for a line of %d bytes of %s, beginning %.80q", why, len(text), p.path, text)
}

// partial counts what a server has not taken of a request that it has taken.
func (s *Sink) partial(ctx context.Context, p part, rejected int64, why string) {
	rejected = min(max(rejected, 0), int64(p.lines))
	s.count.rejected.Add(rejected)
	s.count.lines.Add(int64(p.lines) - rejected)
	switch {
	case rejected > 0:
		s.log(ctx, slog.LevelError, "push: the server has rejected lines, which it does not want again", "lines", rejected, "of", p.lines, "why", why)
	case why != "":
		s.log(ctx, slog.LevelWarn, "push: the server has taken all, and warns", "why", why)
	}
}

// quiet is how long the same thing is not logged again.
const quiet = time.Minute

func (s *Sink) log(ctx context.Context, level slog.Level, what string, about ...any) {
	if last, ok := s.logged[what]; ok && time.Since(last) < quiet {
		return
	}
	if s.logged == nil {
		s.logged = map[string]time.Time{}
	}
	s.logged[what] = time.Now()
	sandbox.Logger(ctx).Log(ctx, level, what, about...)
}
