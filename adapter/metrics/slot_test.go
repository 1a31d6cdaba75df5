package metrics

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

var errBroken = errors.New("broken")

// A badError can't be asked for its text when it is nil.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

// after waits, and then adds its name with the value 1, unless ctx ends before.
func after(d time.Duration, name string) Source {
	return named(name, func(ctx context.Context, b *Batch) error {
		select {
		case <-time.After(d):
			return one(name).Collect(ctx, b)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// ignores waits for d whatever its ctx does.
func ignores(d time.Duration, name string) Source {
	return named(name, func(ctx context.Context, b *Batch) error {
		<-time.After(d)
		return one(name).Collect(ctx, b)
	})
}

// bubble runs f in virtual time, and sees that it leaves nothing behind.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	podtest.NoLeaks(t)
	synctest.Test(t, f)
}

func TestSourcesThatFail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log journal
		fails := true
		e := &Exporter{Sources: []Source{
			one("good"),
			named("fails", func(ctx context.Context, b *Batch) error {
				b.Family(Desc{Name: "partial", Kind: Gauge}).Add(nil, Int(0))
				if fails {
					return errBroken
				}
				return nil
			}),
			named("panics", func(context.Context, *Batch) error { panic("at once") }),
			named("exits", func(context.Context, *Batch) error { runtime.Goexit(); return nil }),
			named("invalid", func(_ context.Context, b *Batch) error { b.Family(Desc{Kind: Gauge}).Add(nil, Int(0)); return nil }),
			named("typed nil", func(context.Context, *Batch) error { return (*badError)(nil) }),
			named("nil", func(context.Context, *Batch) error {
				var b *Batch
				b.Family(Desc{Name: "a", Kind: Gauge}).Add(nil, Int(0))
				return nil
			}),
		}}
		s := start(t, e, &sandbox.Sandbox{Logger: log.logger()})
		want := map[string]float64{
			"good": 1, `up{source="good"}`: 1, `up{source="fails"}`: 0, `up{source="panics"}`: 0,
			`up{source="exits"}`: 0, `up{source="invalid"}`: 0, `up{source="nil"}`: 0, `up{source="typed nil"}`: 0,
		}
		require.Equal(t, want, s.scrape())
		require.Equal(t, want, s.scrape())
		fails = false
		want[`up{source="fails"}`], want["partial"] = 1, 0
		require.Equal(t, want, s.scrape())
		require.NoError(t, s.stop())

		require.Equal(t, 6, log.count("level=WARN"), "each once")
		require.Equal(t, 1, log.count("level=INFO"))
		stats := e.Stats()
		require.Equal(t, uint64(3), stats.Scrapes)
		require.Equal(t, SourceStats{Name: "good", Up: true, Points: 1, Collections: 3}, stats.Sources[0])
		require.Equal(t, SourceStats{Name: "fails", Up: true, Points: 1, Collections: 3, Failures: 2, Missed: 2, LastError: "broken"}, stats.Sources[1])
		require.Equal(t, []uint64{3, 3, 0, 3}, []uint64{stats.Sources[2].Panics, stats.Sources[2].Failures, stats.Sources[2].Timeouts, stats.Sources[2].Missed})
		require.Contains(t, stats.Sources[2].LastError, "at once")
		require.Contains(t, stats.Sources[2].LastError, "slot_test.go", "the stack")
		require.Contains(t, stats.Sources[3].LastError, "Goexit")
		require.Contains(t, stats.Sources[4].LastError, "no letter or digit")
		for _, source := range stats.Sources[5:] {
			require.Contains(t, source.LastError, "nil pointer")
			require.Equal(t, uint64(3), source.Panics)
		}
	})
}

func TestSourcesThatTakeTooLong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{one("good"), after(3*time.Second, "slow"), after(6*time.Second, "slower"), ignores(12*time.Second, "hangs")}}
		s := start(t, e, nil)
		begun := time.Now()
		want := map[string]float64{
			"good": 1, "slow": 1, `up{source="good"}`: 1, `up{source="slow"}`: 1, `up{source="slower"}`: 0, `up{source="hangs"}`: 0,
		}
		require.Equal(t, want, s.scrape())
		require.Equal(t, DefaultTimeout, time.Since(begun))
		synctest.Wait() // the collection is out of time at this same moment
		hangs := e.Stats().Sources[3]
		require.True(t, hangs.Hanging)
		require.Equal(t, []uint64{1, 1, 1, 1}, []uint64{hangs.Collections, hangs.Failures, hangs.Timeouts, hangs.Missed})

		// What is out of time is not waited for, nor called again.
		want[`up{source="slow"}`] = 0
		delete(want, "slow")
		require.Equal(t, want, s.scrape("X-Prometheus-Scrape-Timeout-Seconds", "2"))
		require.Equal(t, DefaultTimeout+1800*time.Millisecond, time.Since(begun))
		hangs = e.Stats().Sources[3]
		require.Equal(t, []uint64{1, 1, 1, 2}, []uint64{hangs.Collections, hangs.Failures, hangs.Timeouts, hangs.Missed})

		// When it has returned, its late values are not served.
		time.Sleep(6 * time.Second)
		require.False(t, e.Stats().Sources[3].Hanging)
		require.Equal(t, 0.0, s.scrape()[`up{source="hangs"}`])
		synctest.Wait()
		hangs = e.Stats().Sources[3]
		require.Equal(t, []uint64{2, 2, 2, 3}, []uint64{hangs.Collections, hangs.Failures, hangs.Timeouts, hangs.Missed})
		time.Sleep(10 * time.Second)
		require.NoError(t, s.stop())
	})
}

func TestScrapesAtTheSameTimeShareACollection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls atomic.Int32
		slow := named("slow", func(ctx context.Context, b *Batch) error {
			b.Family(Desc{Name: "call", Kind: Gauge}).Add(nil, Int(int64(calls.Add(1))))
			return after(time.Second, "slow").Collect(ctx, b)
		})
		s := start(t, &Exporter{Sources: []Source{slow}}, nil)
		var scrapes sync.WaitGroup
		texts := make([]string, maxScrapes)
		for i := range texts {
			scrapes.Go(func() { _, texts[i], _ = s.fetch("GET", "/metrics") })
		}
		scrapes.Wait()
		for _, text := range texts {
			require.Equal(t, texts[0], text)
			require.Contains(t, text, "\ncall 1\n")
		}
		require.Equal(t, 2.0, s.scrape()["call"], "and the next one has another")
		require.NoError(t, s.stop())
	})
}

func TestAScrapeDoesNotWaitForACollectionThatIsOutOfTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, &Exporter{Sources: []Source{ignores(time.Minute, "hangs")}}, nil)
		first := make(chan string)
		go func() { _, text, _ := s.fetch("GET", "/metrics"); first <- text }()
		time.Sleep(4 * time.Second)
		begun := time.Now()
		require.Equal(t, map[string]float64{`up{source="hangs"}`: 0}, s.scrape())
		require.Equal(t, time.Second, time.Since(begun))
		require.Contains(t, <-first, `up{source="hangs"} 0`)
		time.Sleep(time.Minute)
		require.NoError(t, s.stop())
	})
}

func TestWhatIsPartialIsNotServed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, &Exporter{Sources: []Source{named("partial", func(ctx context.Context, b *Batch) error {
			b.Family(Desc{Name: "first.half", Kind: Gauge}).Add(nil, Int(0))
			<-ctx.Done()
			return nil // which it must not
		})}}, nil)
		for range 50 { // what is woken first is left to chance
			require.Equal(t, map[string]float64{`up{source="partial"}`: 0}, s.scrape())
		}
		require.NoError(t, s.stop())
	})
}

func TestStopEndsACollectionThatNobodyWaitsFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{after(time.Hour, "slow")}, Timeout: time.Minute}
		s := start(t, e, nil)
		require.Equal(t, map[string]float64{`up{source="slow"}`: 0}, s.scrape("X-Prometheus-Scrape-Timeout-Seconds", "1"))
		begun := time.Now()
		require.NoError(t, s.stop())
		require.Less(t, time.Since(begun), time.Second)
		require.Zero(t, e.Stats().Sources[0].Failures, "it did not fail")
	})
}

func TestASourceThatIgnoresItsEndIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{ignores(time.Minute, "hangs"), after(time.Minute, "waits")}}
		s := start(t, e, nil)
		begun := time.Now()
		s.scrape()
		go s.fetch("GET", "/metrics")
		time.Sleep(time.Second)
		err := s.stop()
		require.ErrorContains(t, err, `metrics: source "hangs" ignores that its context has ended`)
		require.NotContains(t, err.Error(), "waits")
		require.Less(t, time.Since(begun), 20*time.Second)

		// The next run does not call it, until it has returned.
		s = start(t, e, nil)
		require.Equal(t, 0.0, s.scrape("X-Prometheus-Scrape-Timeout-Seconds", "1")[`up{source="hangs"}`])
		require.Equal(t, uint64(1), e.Stats().Sources[0].Collections)
		time.Sleep(time.Minute)
		s.scrape("X-Prometheus-Scrape-Timeout-Seconds", "1")
		require.Equal(t, uint64(2), e.Stats().Sources[0].Collections)
		time.Sleep(time.Minute)
		require.NoError(t, s.stop())
	})
}
