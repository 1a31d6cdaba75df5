package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxReaders = 64               // streams at once; one more is told to come again
	batchSize  = 64               // events that a reader takes from the ring at a time
	beatEvery  = 15 * time.Second // proxies end what is silent for a minute
	writeTime  = 10 * time.Second // for a batch; who takes longer is dropped
	retryAfter = 2 * time.Second  // before a client that was cut off comes again
)

// A Stream serves what is published on it as server-sent events, the last 512 to
// who comes new, and to who comes back what it missed (Last-Event-ID). Its zero
// value is ready to use; it must not be copied. Publish never waits for a reader.
//
// A reader that takes nothing for 10 s is dropped. One that was too slow for the
// 512 gets an event "lost" with their number; one that comes back from another
// process an event "reset" before it is told everything.
type Stream[T any] struct {
	ring    ring[T]
	readers atomic.Int64
	dropped atomic.Int64

	mu      sync.Mutex
	closing map[*http.Server]chan struct{} // closed when the server shuts down
}

// StreamStats is what a Stream has done so far.
type StreamStats struct {
	Published uint64 // events
	Readers   int64  // now
	Dropped   int64  // readers that were too slow, or one too many
}

// Publish gives v to all readers.
func (s *Stream[T]) Publish(v T) { s.ring.add(v) }

// Stats returns a snapshot.
func (s *Stream[T]) Stats() StreamStats {
	return StreamStats{Published: s.ring.published(), Readers: s.readers.Load(), Dropped: s.dropped.Load()}
}

// ServeHTTP serves one reader until it goes, is dropped, or its server shuts down.
func (s *Stream[T]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.readers.Add(-1)
	if s.readers.Add(1) > maxReaders {
		s.dropped.Add(1)
		w.Header().Set("Retry-After", "10")
		http.Error(w, fmt.Sprintf("%d streams are open already", maxReaders), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.Method == http.MethodHead {
		return
	}
	err := s.stream(w, r)
	switch {
	case errors.Is(err, http.ErrNotSupported):
		http.Error(w, "events can't be streamed through this server", http.StatusInternalServerError)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.dropped.Add(1)
	}
}

func (s *Stream[T]) stream(w http.ResponseWriter, r *http.Request) error {
	out := http.NewResponseController(w)
	extend := func() { out.SetWriteDeadline(time.Now().Add(writeTime)) }
	defer extend() // for the server's own last bytes
	last := r.Header.Get("Last-Event-ID")
	at, known := s.ring.resume(last)
	text := fmt.Sprintf("retry: %d\n\n", retryAfter.Milliseconds())
	if last != "" && !known {
		text += "event: reset\ndata: {}\n\n"
	}
	prefix, closing := s.ring.prefix(), s.closingOf(r)
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for ending := false; ; {
		events, then, more := s.ring.after(at, batchSize)
		text += render(events, then, prefix)
		at = place{next: then.next}
		if text != "" {
			extend()
			if err := send(w, out, text); err != nil {
				return err
			}
			text = ""
		}
		switch {
		case more == nil:
			continue
		case ending:
			return nil
		}
		select {
		case <-more:
		case <-beat.C:
			text = ":\n\n"
		case <-closing:
			ending = true // what was published before is still sent
		case <-r.Context().Done():
			return nil
		}
	}
}

func send(w http.ResponseWriter, out *http.ResponseController, text string) error {
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return out.Flush()
}

// render is events as the client reads them, the last of which comes before then.
func render[T any](events []T, then place, prefix string) string {
	var b strings.Builder
	if then.lost > 0 {
		fmt.Fprintf(&b, "event: lost\ndata: %d\n\n", then.lost)
	}
	for i, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			data, _ = json.Marshal(err.Error())
		}
		fmt.Fprintf(&b, "id: %s%d\ndata: %s\n\n", prefix, then.next-uint64(len(events)-i), data)
	}
	return b.String()
}

// closingOf is closed when the request's server shuts down, which would wait for
// the stream otherwise. It is nil where there is no server.
func (s *Stream[T]) closingOf(r *http.Request) <-chan struct{} {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.closing[server]; ok {
		return c
	}
	c := make(chan struct{})
	if s.closing == nil {
		s.closing = map[*http.Server]chan struct{}{}
	}
	s.closing[server] = c
	server.RegisterOnShutdown(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closing[server] == c { // Shutdown may be called again
			delete(s.closing, server)
			close(c)
		}
	})
	return c
}
