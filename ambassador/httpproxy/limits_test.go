package httpproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func TestConcurrentIsALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limits{Concurrent: 2, MaxWait: time.Second, Queue: 2}
		require.NoError(t, l.enter(t.Context()))
		require.NoError(t, l.enter(t.Context()))
		began := time.Now()
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				if l.enter(t.Context()) == nil {
					order <- i
				}
			}()
			synctest.Wait()
		}
		require.EqualValues(t, 2, l.waiting.Load())
		err := l.enter(t.Context())
		require.ErrorIs(t, err, ErrLimited, "the queue is full")
		over, _ := errors.AsType[*limited](err)
		require.Equal(t, 503, over.code)
		require.Equal(t, "1", over.retryAfter())
		l.leave()
		require.Equal(t, 0, <-order)
		l.leave()
		require.Equal(t, 1, <-order)
		require.Zero(t, time.Since(began))
		require.ErrorIs(t, l.enter(t.Context()), ErrLimited)
		require.Equal(t, time.Second, time.Since(began), "it has waited")

		ctx, cancel := context.WithCancelCause(t.Context())
		left := errors.New("left")
		time.AfterFunc(100*time.Millisecond, func() { cancel(left) })
		require.ErrorIs(t, l.enter(ctx), left)
		l.leave()
		l.leave()
		require.Zero(t, l.waiting.Load())
		require.Zero(t, l.active.Load())
		require.NoError(t, l.enter(t.Context()))
	})
}

func TestRateIsALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limits{Rate: rate.NewLimiter(2, 1), Concurrent: 100}
		require.NoError(t, l.enter(t.Context()))
		for range 3 {
			err := l.enter(t.Context())
			over, ok := errors.AsType[*limited](err)
			require.True(t, ok)
			require.Equal(t, 429, over.code)
			require.Equal(t, "1", over.retryAfter())
		}
		require.EqualValues(t, 1, l.active.Load())
		require.True(t, l.slots.TryAcquire(99), "who was refused has given its place back")
		l.slots.Release(99)
		time.Sleep(500 * time.Millisecond)
		require.NoError(t, l.enter(t.Context()), "refused ones have used nothing up")

		l = &Limits{Rate: rate.NewLimiter(2, 1), MaxWait: time.Second}
		began := time.Now()
		for i := range 3 {
			go l.enter(t.Context())
			synctest.Wait()
			require.EqualValues(t, i, l.waiting.Load())
		}
		over, ok := errors.AsType[*limited](l.enter(t.Context()))
		require.True(t, ok)
		require.Equal(t, "2", over.retryAfter())
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 3, l.active.Load())
		require.Zero(t, l.waiting.Load())
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestNoLimits(t *testing.T) {
	for _, l := range []*Limits{nil, {}, {Rate: rate.NewLimiter(rate.Inf, 0)}} {
		require.NoError(t, l.validate())
		for range 1000 {
			require.NoError(t, l.enter(t.Context()))
		}
	}
}

func TestLimitsRefuseWrongFields(t *testing.T) {
	for want, l := range map[string]*Limits{
		"Concurrent: -1":     {Concurrent: -1},
		"Rate: a burst of 0": {Rate: rate.NewLimiter(1, 0)},
		"MaxWait: -1ns":      {MaxWait: -1},
		"Queue: -1":          {Queue: -1},
		"RetryAfter: -1ns":   {RetryAfter: -1},
	} {
		require.ErrorContains(t, l.validate(), want)
	}
}

func TestLimitsAsHandler(t *testing.T) {
	l := &Limits{Concurrent: 1, RetryAfter: 2500 * time.Millisecond}
	inside, leave := make(chan bool), make(chan bool)
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside <- true
		<-leave
		io.WriteString(w, "done")
	}))
	first := httptest.NewRecorder()
	done := make(chan bool)
	go func() {
		h.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
		close(done)
	}()
	<-inside
	second := httptest.NewRecorder()
	h.ServeHTTP(second, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 503, second.Code)
	require.Equal(t, "3", second.Header().Get("Retry-After"))
	close(leave)
	<-done
	require.Equal(t, "done", first.Body.String())

	wrong := httptest.NewRecorder()
	(&Limits{Queue: -1}).Handler(nil).ServeHTTP(wrong, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, 500, wrong.Code)
	require.Contains(t, wrong.Body.String(), "Queue: -1")
}

func TestLimitsAsRoundTripper(t *testing.T) {
	l := &Limits{Concurrent: 1}
	broken := errors.New("broken")
	n := 0
	rt := l.RoundTripper(roundTripper(func(*http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return nil, broken
		}
		return respond(200, "x"), nil
	}))
	req, _ := http.NewRequest("GET", "http://example.com", nil)
	_, err := rt.RoundTrip(req)
	require.ErrorIs(t, err, broken)
	res, err := rt.RoundTrip(req)
	require.NoError(t, err)
	body := &closing{Reader: strings.NewReader("x")}
	again, _ := http.NewRequest("PUT", "http://example.com", body)
	_, err = rt.RoundTrip(again)
	require.ErrorIs(t, err, ErrLimited)
	require.Equal(t, 1, body.closed)
	res.Body.Close()
	res.Body.Close()
	require.Zero(t, l.active.Load())
	_, err = rt.RoundTrip(req)
	require.NoError(t, err)
}

func BenchmarkLimits(b *testing.B) {
	l := &Limits{Concurrent: 100, Rate: rate.NewLimiter(1e9, 1e9)}
	b.ReportAllocs()
	for b.Loop() {
		l.enter(b.Context())
		l.leave()
	}
}
