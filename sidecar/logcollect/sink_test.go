package logcollect

import (
	"bytes"
	"context"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestFailingSinkRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		failures := 20
		sink := &memory{fail: func() error {
			if failures--; failures >= 0 {
				return syscall.ENOSPC
			}
			return nil
		}}
		b.append("a.log", lines(0, 1000))
		began := time.Now()
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.await("all but one failed", func() bool { return b.c.Stats().SinkErrors == 19 })
		b.append("a.log", lines(1000, 2000))
		b.awaitLines(2000)
		require.Greater(t, time.Since(began), 20*time.Second, "with pauses")
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 2000), sink.String())
	})
}

func TestSinkFailsToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		full := true
		sink := &memory{fail: func() error {
			if full {
				return syscall.ENOSPC
			}
			return nil
		}}
		b.append("a.log", lines(0, 10))
		b.append("b.log", lines(0, 20))
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		began := time.Now()
		err := b.stop()
		require.Equal(t, 30*time.Second, time.Since(began))
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "not delivered: 1470 bytes, 980 of b.log, 490 of a.log")
		require.EqualValues(t, 1470, b.c.Stats().Lag)

		full = false
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 10), sink.of("a.log"))
		require.Equal(t, lines(0, 20), sink.of("b.log"))
	})
}

func TestSinkThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		panics := 3
		sink := &memory{fail: func() error {
			if panics--; panics >= 0 {
				panic("out of order")
			}
			return nil
		}}
		b.append("a.log", lines(0, 10))
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(10)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 10), sink.String())
		require.EqualValues(t, 3, b.c.Stats().SinkErrors)
	})
}

func TestSinkThatEndsItsGoroutine(t *testing.T) {
	podtest.NoLeaks(t)
	b := newBench(t)
	b.append("a.log", lines(0, 10))
	sink := &memory{fail: func() error { runtime.Goexit(); return nil }}
	b.start(&Collector{Include: []string{"*.log"}, Sink: sink})
	require.ErrorContains(t, <-b.done, "the sink ended its goroutine; not delivered: 490 bytes, 490 of a.log")
	sink.fail = nil
	b.start(b.c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 10), sink.String())
}

// A hole is a writer that blocks until it is opened, whatever happens.
type hole struct {
	open  chan struct{}
	begun chan struct{}
	bytes.Buffer
}

func (h *hole) Write(p []byte) (int, error) {
	select {
	case h.begun <- struct{}{}:
	default:
	}
	<-h.open
	return h.Buffer.Write(p)
}

func TestSinkThatHangs(t *testing.T) {
	podtest.NoLeaks(t)
	b := newBench(t)
	h := &hole{open: make(chan struct{}), begun: make(chan struct{}, 1)}
	b.append("a.log", lines(0, 10))
	b.startGrace(&Collector{Include: []string{"*.log"}, Sink: To(h)}, 100*time.Millisecond)
	<-h.begun
	err := b.stop()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "490 of a.log")
	require.ErrorContains(t, err, "has not returned")

	require.ErrorContains(t, b.c.Run(context.Background(), b.root), "Write of an earlier run")
	close(h.open)
	b.done = make(chan error, 1)
	b.await("the Write has returned", func() bool {
		if !b.c.sink.TryLock() {
			return false
		}
		b.c.sink.Unlock()
		return true
	})
	b.start(b.c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 10), h.String(), "the late Write counts")
}
