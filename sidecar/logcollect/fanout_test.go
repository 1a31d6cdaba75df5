package logcollect

import (
	"context"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// startFanout runs f until it is ready. stop ends it.
func (b *bench) startFanout(f Fanout, grace time.Duration) (stop func() error) {
	b.Helper()
	ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: b.log, Grace: grace}).Context(context.Background()))
	b.Cleanup(cancel)
	b.done = make(chan error, 1)
	go func() { b.done <- f.Run(ctx, b.root) }()
	require.NoError(b, f.Ready(ctx))
	return func() error { cancel(); return <-b.done }
}

func TestFanoutLifecycle(t *testing.T) {
	podtest.TestSidecar(t, func() sidecar.Sidecar {
		return Fanout{
			{Include: []string{"**/*.log"}, Checkpoint: "state/a", Sink: &File{Path: "out/all"}},
			{Include: []string{"**/*.log"}, Checkpoint: "state/b", Sink: &memory{}},
		}
	})
}

// A sink that takes nothing holds up no other one, and gets all when it does.
func TestFanoutWithASlowSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		slow, quick := &memory{}, &memory{}
		slow.block()
		f := Fanout{
			{Include: []string{"**"}, Checkpoint: "state/file", Sink: &File{Path: "out/all", RotateBytes: 1 << 20}, PollOnly: true},
			{Include: []string{"**"}, Checkpoint: "state/slow", Sink: slow, PollOnly: true},
			{Include: []string{"**"}, Checkpoint: "state/quick", Sink: quick, PollOnly: true},
		}
		b.c = f[0]
		b.append("a.log", "")
		stop := b.startFanout(f, time.Minute)
		n := 0
		for i := range 20 {
			b.append("a.log", lines(n, n+5000))
			n += 5000
			b.await("two have all", func() bool { s := f.Stats(); return s[0].Lines == int64(n) && s[2].Lines == int64(n) })
			if i%6 == 5 {
				b.rename("a.log", "a.log."+string(rune('0'+i/6)))
				b.append("a.log", "")
			}
		}
		require.Zero(t, f.Stats()[1].Lines)
		err := stop()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "Fanout[1]: logcollect: ")
		require.ErrorContains(t, err, "not delivered: 4900000 bytes, ")
		require.NotContains(t, err.Error(), "Fanout[0]")
		require.True(t, lines(0, n) == b.all("out/all"))
		require.True(t, lines(0, n) == quick.String())

		slow.unblock()
		stop = b.startFanout(f, time.Minute)
		require.NoError(t, stop())
		require.True(t, lines(0, n) == slow.of("a.log"))
		require.True(t, lines(0, n) == quick.String(), "and nothing again")
		for _, s := range f.Stats() {
			require.EqualValues(t, n, s.Lines, "own files are not collected")
		}
	})
}

// What a sink has not taken is not kept in memory for it.
func TestFanoutMemory(t *testing.T) {
	b := newBench(t)
	slow := &memory{}
	slow.block()
	f := Fanout{
		{Include: []string{"*.log"}, Checkpoint: "slow", Sink: slow},
		{Include: []string{"*.log"}, Checkpoint: "quick", Sink: To(io.Discard)},
	}
	b.c = f[1]
	b.append("a.log", "")
	stop := b.startFanout(f, 0)
	text := lines(0, 20_000)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for range 40 { // 40 MB
		b.append("a.log", text)
	}
	b.awaitLines(40 * 20_000)
	require.Less(t, heap()-before, int64(4*batchSize), "%d bytes wait", f.Stats()[0].Lag)
	slow.unblock()
	require.NoError(t, stop())
	require.True(t, strings.Repeat(text, 40) == slow.String())
}

// A sink that is dead is run again, and again, and holds up no other one.
func TestFanoutWithADeadSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		runs := 0
		dead := &memory{fail: func() error {
			if runs++; runs < 5 {
				runtime.Goexit()
			}
			return nil
		}}
		quick := &memory{}
		f := Fanout{
			{Include: []string{"*.log"}, Checkpoint: "dead", Sink: dead, PollOnly: true},
			{Include: []string{"*.log"}, Checkpoint: "quick", Sink: quick, PollOnly: true},
		}
		b.c = f[1]
		b.append("a.log", lines(0, 10))
		stop := b.startFanout(f, 0)
		b.awaitLines(10)
		<-time.After(time.Minute)
		b.append("a.log", lines(10, 20))
		b.awaitLines(20)
		b.await("alive", func() bool { return f.Stats()[0].Lines == 20 })
		require.NoError(t, stop())
		require.Equal(t, lines(0, 20), quick.String())
		require.Equal(t, lines(0, 20), dead.String())
	})
}

// One that ends even the goroutine that it is begun in is run again too.
func TestFanoutWithASinkThatEndsItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		dead, marks := &rows{lines: []string{"of before\n"}}, 0
		dead.mark = func() (string, error) {
			if marks++; marks < 4 {
				runtime.Goexit()
			}
			return strings.Repeat("x", len(dead.lines)), nil
		}
		b.append("a.log", lines(0, 10))
		f := Fanout{{Include: []string{"*.log"}, Sink: dead, PollOnly: true}}
		b.c = f[0]
		stop := b.startFanout(f, 0)
		b.awaitLines(10)
		require.NoError(t, stop())
		require.Equal(t, "of before\n"+lines(0, 10), strings.Join(dead.lines, ""))
	})
}

func TestWrongFanout(t *testing.T) {
	b := newBench(t)
	all := []string{"*.log"}
	for _, c := range []struct {
		f    Fanout
		want []string
	}{
		{nil, []string{"Fanout: empty"}},
		{Fanout{nil, {Include: all}}, []string{"Fanout[0]: nil", "Fanout[1]: Sink: nil"}},
		{Fanout{{Include: all, Sink: &memory{}}, {Include: all, Sink: &memory{}}}, []string{`Fanout[1].Checkpoint: ".logcollect/checkpoint" is that of Fanout[0] too`}},
		{Fanout{
			{Include: all, Checkpoint: "a", Sink: &File{Path: "out/x"}},
			{Include: all, Checkpoint: "b", PollInterval: -1, Sink: &File{Path: "out/x"}},
		}, []string{`Fanout[1].Sink: its file "out/x" is that of Fanout[0] too`, "Fanout[1]: PollInterval: -1ns is negative"}},
	} {
		err := c.f.Run(t.Context(), b.root)
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		left, err := os.ReadDir(b.dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
	c := &Collector{Include: all, Checkpoint: "a", Sink: &memory{}}
	f := Fanout{c}
	b.c = c
	stop := b.startFanout(f, 0)
	require.ErrorContains(t, f.Run(t.Context(), b.root), "already running")
	require.NoError(t, stop())
}
