package logcollect

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestLifecycle(t *testing.T) {
	for name, sink := range map[string]func() Sink{
		"file":   func() Sink { return &File{Path: "out/all"} },
		"memory": func() Sink { return &memory{} },
	} {
		t.Run(name, func(t *testing.T) {
			podtest.TestSidecar(t, func() sidecar.Sidecar {
				return &Collector{Include: []string{"**/*.log"}, Sink: sink()}
			})
		})
	}
}

func TestWrongFields(t *testing.T) {
	sink := &memory{}
	for _, c := range []struct {
		name string
		c    *Collector
		want []string
	}{
		{"nothing", &Collector{}, []string{"Include: empty", "Sink: nil"}},
		{"a pattern", &Collector{Include: []string{"a/[", ""}, Sink: sink}, []string{`Include[0]: "a/[" syntax error in pattern`, `Include[1]: "" is empty`}},
		{"outside", &Collector{Include: []string{"/var/log/*.log", "../*.log", "a/../b", "./a", "a//b"}, Sink: sink}, []string{
			`Include[0]: "/var/log/*.log" is not a path below the root`, `Include[1]: "../*.log"`, `Include[2]: "a/../b"`, `Include[3]: "./a"`, `Include[4]: "a//b"`}},
		{"Exclude", &Collector{Include: []string{"a"}, Exclude: []string{"{a"}, Sink: sink}, []string{`Exclude[0]: "{a"`}},
		{"Checkpoint", &Collector{Include: []string{"a"}, Sink: sink, Checkpoint: "/x"}, []string{`Checkpoint: "/x" is not a path below the root`}},
		{"the root", &Collector{Include: []string{"a"}, Sink: sink, Checkpoint: "."}, []string{`Checkpoint: "."`}},
		{"numbers", &Collector{Include: []string{"a"}, Sink: sink, PollInterval: -1, MaxLineBytes: -2, MaxOpenFiles: -3}, []string{
			"PollInterval: -1ns is negative", "MaxLineBytes: -2 is negative", "MaxOpenFiles: -3 is negative"}},
		{"too long a line", &Collector{Include: []string{"a"}, Sink: sink, MaxLineBytes: 1<<30 + 1}, []string{"MaxLineBytes: 1073741825 is more than 1 GiB"}},
		{"Multiline", &Collector{Include: []string{"a"}, Sink: sink, Multiline: &Multiline{Idle: -time.Second}}, []string{
			"Multiline.Start: nil, so no line would begin an event", "Multiline.Idle: -1s is negative"}},
		{"File", &Collector{Include: []string{"a"}, Sink: &File{}}, []string{"Sink: File.Path: empty"}},
		{"File outside", &Collector{Include: []string{"a"}, Sink: &File{Path: "../out"}}, []string{`Sink: File.Path: "../out" is neither absolute nor a path below the root`}},
		{"nil File", &Collector{Include: []string{"a"}, Sink: (*File)(nil)}, []string{"Sink: nil *File"}},
		{"one file for both", &Collector{Include: []string{"a"}, Sink: &File{Path: "x"}, Checkpoint: "x"}, []string{`Checkpoint: "x" is the file of the Sink too`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			err := c.c.Run(t.Context(), b.root)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "\n")
			left, err := os.ReadDir(b.dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
	require.ErrorContains(t, (&Collector{Include: []string{"a"}, Sink: sink}).Run(t.Context(), nil), "root: nil")
}

func TestCheckpointThatCannotBe(t *testing.T) {
	b := newBench(t)
	b.append("state", "a file where a directory is to be")
	err := (&Collector{Include: []string{"*.log"}, Sink: &memory{}, Checkpoint: "state/checkpoint"}).Run(t.Context(), b.root)
	require.ErrorContains(t, err, `checkpoint "state/checkpoint"`)
	require.NoError(t, os.Mkdir(b.path("dir"), 0o755))
	err = (&Collector{Include: []string{"*.log"}, Sink: &memory{}, Checkpoint: "dir"}).Run(t.Context(), b.root)
	require.ErrorContains(t, err, `checkpoint "dir"`)
}

func TestCollect(t *testing.T) {
	podtest.NoLeaks(t)
	b := newBench(t)
	b.append("logs/a.log", lines(0, 100))
	b.append("logs/a.txt", "not this\n")
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink})
	b.awaitLines(100)
	b.append("logs/a.log", lines(100, 200))
	b.awaitLines(200)
	b.append("logs/b.log", lines(0, 50))
	b.append("logs/a.log", lines(200, 300))
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 300), sink.of("logs/a.log"))
	require.Equal(t, lines(0, 50), sink.of("logs/b.log"))
	require.Zero(t, b.c.Stats().Lag)

	b.append("logs/a.log", lines(300, 400))
	b.start(b.c)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 400), sink.of("logs/a.log"))
}

func TestNotified(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.Mkdir(b.path("logs"), 0o755))
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/**/*.log"}, Sink: sink, PollInterval: time.Hour})
	b.append("logs/a.log", lines(0, 1)) // a file
	b.awaitLines(1)
	b.append("logs/new/dir/b.log", lines(1, 2)) // in a new directory
	b.awaitLines(2)
	b.append("logs/new/dir/b.log", lines(2, 3))
	b.awaitLines(3)
	require.NoError(t, os.RemoveAll(b.path("logs/new")))
	b.await("forgotten but for the open file", func() bool { return b.c.Stats().Files == 2 })
	b.append("logs/new/dir/b.log", lines(3, 4)) // which came back
	b.awaitLines(4)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 4), sink.String())
}

func TestBurstAtStop(t *testing.T) {
	podtest.NoLeaks(t)
	b := newBench(t)
	b.append("access.log", lines(0, 10))
	b.start(&Collector{Include: []string{"access.log"}, Sink: &File{Path: "out/access.log"}})
	b.append("access.log", lines(10, 10_000))
	b.rename("access.log", "access.log.1")
	b.append("access.log", lines(10_000, 20_000))
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 20_000), b.read("out/access.log"))
}

func TestBurstAtStopPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("access.log", lines(0, 10))
		sink := &memory{}
		b.start(&Collector{Include: []string{"access.log"}, Sink: sink, PollOnly: true})
		b.append("access.log", lines(10, 10_000))
		b.rename("access.log", "access.log.1")
		b.append("access.log", lines(10_000, 15_000))
		b.rename("access.log", "access.log.2")
		b.append("access.log", lines(15_000, 20_000)+"the end")
		began := time.Now()
		require.NoError(t, b.stop())
		require.True(t, lines(0, 20_000)+"the end\n" == sink.String())
		require.Equal(t, quietTime, time.Since(began), "for the partial line to be final")
	})
}

// Stop does not wait for a writer that goes on.
func TestStopWhileWritten(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	quit, written := make(chan struct{}), make(chan int)
	b.append("a.log", lines(0, 1))
	go func() {
		n := 1
		for {
			select {
			case <-quit:
				written <- n
				return
			case <-time.After(100 * time.Microsecond):
				b.append("a.log", lines(n, n+10))
				n += 10
			}
		}
	}()
	b.start(&Collector{Include: []string{"*.log"}, Sink: sink})
	for range 3 {
		b.awaitLines(b.c.Stats().Lines + 100)
		began := time.Now()
		require.NoError(t, b.stop())
		require.Less(t, time.Since(began), 10*time.Second)
		b.start(b.c)
	}
	close(quit)
	n := <-written
	require.NoError(t, b.stop())
	require.True(t, lines(0, n) == sink.String())
}

func TestStoppedBeforeItRuns(t *testing.T) {
	b := newBench(t)
	b.append("a.log", lines(0, 10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sink := &memory{}
	require.NoError(t, (&Collector{Include: []string{"*.log"}, Sink: sink}).Run(ctx, b.root))
	require.Equal(t, lines(0, 10), sink.String())
}
