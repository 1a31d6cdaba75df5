package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/internal/web"
	"github.com/podpatterns/podpatterns/pod/podtest"
)

const kept = 512 // events, as the doc says

// A site serves a stream in virtual time, to clients of a network in memory.
type site struct {
	t       *testing.T
	stream  web.Stream[string]
	server  http.Server
	network podtest.Network
	client  http.Client
}

// bubble runs script beside a site, and ends that.
func bubble(t *testing.T, script func(t *testing.T, s *site)) {
	podtest.NoLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t}
		s.server.Handler = &s.stream
		s.server.ReadTimeout, s.server.WriteTimeout = time.Second, time.Second // are for answers that end
		s.client.Transport = &http.Transport{DialContext: s.network.DialContext, DisableKeepAlives: true}
		l, err := s.network.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		go s.server.Serve(l)
		defer synctest.Wait()
		defer s.server.Close()
		script(t, s)
	})
}

// A reader reads a stream event by event.
type reader struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Reader
}

func (s *site) open(lastID string) *reader {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://127.0.0.1/", nil)
	require.NoError(s.t, err)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := s.client.Do(r)
	require.NoError(s.t, err)
	require.Equal(s.t, "text/event-stream", answer.Header.Get("Content-Type"))
	rd := &reader{t: s.t, answer: answer, lines: bufio.NewReader(answer.Body)}
	require.Equal(s.t, []string{"retry: 2000"}, rd.next())
	return rd
}

// next returns the lines of the next event, without ids; nil at the end.
func (r *reader) next() []string {
	lines, _ := r.nextWithID()
	return lines
}

func (r *reader) nextWithID() (lines []string, id string) {
	r.t.Helper()
	for {
		line, err := r.lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil, ""
		}
		require.NoError(r.t, err)
		line = strings.TrimSuffix(line, "\n")
		if found, ok := strings.CutPrefix(line, "id: "); ok {
			id = found
		} else if line == "" {
			return lines, id
		} else {
			lines = append(lines, line)
		}
	}
}

func data(text string) []string { return []string{fmt.Sprintf("data: %q", text)} }

func TestStreamAndResume(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		s.stream.Publish("one")
		s.stream.Publish("two\nlines")
		r := s.open("")
		lines, first := r.nextWithID()
		require.Equal(t, data("one"), lines)
		require.Equal(t, data("two\nlines"), r.next())
		s.stream.Publish("three")
		lines, third := r.nextWithID()
		require.Equal(t, data("three"), lines)
		r.answer.Body.Close()
		synctest.Wait()
		require.Zero(t, s.stream.Stats().Readers)

		s.stream.Publish("four")
		again := s.open(first)
		require.Equal(t, data("two\nlines"), again.next())
		latest := s.open(third)
		require.Equal(t, data("four"), latest.next(), "nothing twice, nothing lost")
		require.EqualValues(t, 2, s.stream.Stats().Readers)
		for _, foreign := range []string{"x-1", "17", strings.Replace(first, "-0", "-99", 1)} {
			r := s.open(foreign)
			require.Equal(t, []string{"event: reset", "data: {}"}, r.next(), foreign)
			require.Equal(t, data("one"), r.next())
		}
	})
}

func TestWhatIsNotKeptIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		s.stream.Publish("first")
		r := s.open("")
		_, id := r.nextWithID()
		r.answer.Body.Close()
		for i := range kept + 10 {
			s.stream.Publish(fmt.Sprint(i))
		}
		r = s.open(id)
		require.Equal(t, []string{"event: lost", "data: 10"}, r.next())
		for i := range kept {
			require.Equal(t, data(fmt.Sprint(10+i)), r.next())
		}
		r = s.open("")
		require.Equal(t, data("10"), r.next(), "who comes new has lost nothing")
	})
}

func TestSilenceHasBeats(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		r := s.open("")
		for range 3 {
			began := time.Now()
			require.Equal(t, []string{":"}, r.next())
			require.Equal(t, 15*time.Second, time.Since(began))
		}
	})
}

func TestASlowReaderIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		c, err := s.network.DialContext(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		good := s.open("")
		synctest.Wait()
		require.EqualValues(t, 2, s.stream.Stats().Readers)
		big := strings.Repeat("x", 100<<10) // more than is on its way in a connection
		began := time.Now()
		s.stream.Publish(big)
		require.Zero(t, time.Since(began), "Publish does not wait")
		require.Equal(t, data(big), good.next())
		<-time.After(10*time.Second + time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 1, s.stream.Stats().Dropped)
		require.EqualValues(t, 1, s.stream.Stats().Readers, "the good one goes on")
	})
}

func TestAStreamEndsWithItsServer(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		r := s.open("")
		<-time.After(14 * time.Second) // the time for the last batch is over
		began := time.Now()
		require.NoError(t, s.server.Shutdown(t.Context()))
		require.Less(t, time.Since(began), 10*time.Millisecond)
		require.Nil(t, r.next(), "the answer ends as it should")
		require.NoError(t, s.server.Shutdown(t.Context()), "twice")
	})
}

func TestWhatWasPublishedBeforeAStreamEndsIsSent(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		r := s.open("")
		for i := range 200 { // more than a reader takes at a time
			s.stream.Publish(fmt.Sprint(i))
		}
		require.NoError(t, s.server.Shutdown(t.Context()))
		for i := range 200 {
			require.Equal(t, data(fmt.Sprint(i)), r.next())
		}
		require.Nil(t, r.next())
	})
}

func TestStreamsAreLimited(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		for range 64 {
			s.open("")
		}
		answer, err := s.client.Get("http://127.0.0.1/")
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		require.EqualValues(t, 64, s.stream.Stats().Readers)
		require.EqualValues(t, 1, s.stream.Stats().Dropped)
	})
}

func TestWithoutFlushThereIsAnError(t *testing.T) {
	var s web.Stream[string]
	w := httptest.NewRecorder()
	s.ServeHTTP(struct{ http.ResponseWriter }{w}, httptest.NewRequestWithContext(canceled(), "GET", "/", nil))
	require.Contains(t, w.Body.String(), "can't be streamed")
}

func TestHeadOfAStreamEnds(t *testing.T) {
	var s web.Stream[string]
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
	require.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
	require.Empty(t, w.Body.String())
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func BenchmarkPublish(b *testing.B) {
	var s web.Stream[string]
	b.ReportAllocs()
	for b.Loop() {
		s.Publish("an event")
	}
}
