package metrics

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A listening is a source that runs.
type listening struct {
	run   func(ctx context.Context) error
	ready chan struct{}
}

func (l *listening) Collect(_ context.Context, b *Batch) error {
	b.Gauge("listening", "", "", Int(1))
	return nil
}

func (l *listening) Run(ctx context.Context) error { return l.run(ctx) }

func (l *listening) Ready(ctx context.Context) error {
	select {
	case <-l.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestRunnersRunAsLongAsTheExporter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var running atomic.Bool
		l := &listening{ready: make(chan struct{}), run: func(ctx context.Context) error {
			running.Store(true)
			<-ctx.Done()
			running.Store(false)
			return ctx.Err()
		}}
		e := &Exporter{Sources: []Source{Named{"l", Named{"inner", l}}}}
		time.AfterFunc(time.Second, func() { close(l.ready) })
		begun := time.Now()
		s := start(t, e, nil)
		synctest.Wait()
		require.Equal(t, time.Second, time.Since(begun), "ready when it is")
		require.True(t, running.Load())
		require.Equal(t, 1.0, s.scrape()["listening"])
		require.NoError(t, s.stop())
		require.False(t, running.Load())
	})
}

func TestARunnerThatEndsEndsTheExporter(t *testing.T) {
	for want, end := range map[string]func() error{
		`source "l": broken`:                func() error { return errBroken },
		`source "l": ended`:                 func() error { return nil },
		`source "l": panic: at once`:        func() error { panic("at once") },
		`source "l": called runtime.Goexit`: func() error { runtime.Goexit(); return nil },
	} {
		bubble(t, func(t *testing.T) {
			l := &listening{ready: make(chan struct{}), run: func(context.Context) error { time.Sleep(time.Minute); return end() }}
			close(l.ready)
			s := start(t, &Exporter{Sources: []Source{Named{"l", l}}}, nil)
			s.scrape()
			s.client.CloseIdleConnections()
			err := <-s.ended
			require.ErrorContains(t, err, "metrics: "+want)
		})
	}
}

func TestARunnerThatDoesNotEndIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := &listening{ready: make(chan struct{}), run: func(context.Context) error { time.Sleep(time.Hour); return nil }}
		close(l.ready)
		s := start(t, &Exporter{Sources: []Source{Named{"l", l}}}, nil)
		synctest.Wait()
		require.ErrorContains(t, s.stop(), `source "l" ignores that its context has ended`)
		time.Sleep(time.Hour)
	})
}
