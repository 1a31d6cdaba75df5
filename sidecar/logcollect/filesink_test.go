package logcollect

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFileSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("out/a.log", "half a line of before")
		b.append("a.log", lines(0, 5)+"partial")
		b.start(&Collector{Include: []string{"**"}, Sink: &File{Path: "out/a.log"}, PollOnly: true})
		b.awaitLines(5)
		require.NoError(t, b.stop())
		before := "half a line of before\n" + lines(0, 5)
		require.Equal(t, before+"partial\n", b.read("out/a.log"))

		b.append("a.log", " line\nmore\n")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, before+"partial line\nmore\n", b.read("out/a.log"), "the partial line was taken back")

		b.append("out/a.log", "torn by a cra")
		b.append("a.log", lines(5, 10))
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, before+"partial line\nmore\n"+lines(5, 10), b.read("out/a.log"))

		b.append("out/a.log", "whole line of a crash\ntorn by a cra")
		b.remove("a.log")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, before+"partial line\nmore\n"+lines(5, 10)+"whole line of a crash\n", b.read("out/a.log"), "a.log can't give it again")
	})
}

// Somebody else renames, removes or truncates the file, or its directory.
func TestFileSinkTakenAway(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(b *bench)
		want func(b *bench) string
	}{
		{"renamed", func(b *bench) { b.rename("out/a", "out/b") }, func(b *bench) string { return b.read("out/b") + b.read("out/a") }},
		{"replaced", func(b *bench) { b.rename("out/a", "b"); b.append("out/a", "") }, func(b *bench) string { return b.read("b") + b.read("out/a") }},
		{"directory", func(b *bench) { b.rename("out", "old") }, func(b *bench) string { return b.read("old/a") + b.read("out/a") }},
		{"removed", func(b *bench) { b.remove("out/a") }, func(b *bench) string { return lines(0, 5) + b.read("out/a") }},
		{"all removed", func(b *bench) { b.remove("out/a"); b.remove("out") }, func(b *bench) string { return lines(0, 5) + b.read("out/a") }},
		{"truncated", func(b *bench) { b.truncate("out/a") }, func(b *bench) string { return lines(0, 5) + b.read("out/a") }},
	} {
		for _, absolute := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, absolute %v", c.name, absolute), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					b.append("a.log", lines(0, 5))
					f := &File{Path: "out/a", RotateBytes: 1 << 20, Compress: zipper{}}
					if absolute {
						f.Path = b.path("out/a")
					}
					b.start(&Collector{Include: []string{"*.log"}, Sink: f, PollOnly: true})
					b.awaitLines(5)
					<-time.After(2 * commitInterval)
					c.take(b)
					b.append("a.log", lines(5, 10))
					b.awaitLines(10)
					b.append("a.log", lines(10, 15))
					require.NoError(t, b.stop())
					require.Equal(t, lines(0, 15), c.want(b))
					require.EqualValues(t, 1, f.Stats().Reopened)
					b.append("a.log", lines(15, 20))
					b.start(b.c)
					require.NoError(t, b.stop())
					require.Equal(t, lines(0, 20), c.want(b))
				})
			})
		}
	}
}

func TestSinksOfTwo(t *testing.T) {
	b := newBench(t)
	b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "out"}})
	err := (&Collector{Include: []string{"*.log"}, Sink: &File{Path: "other"}}).Run(t.Context(), b.root)
	require.ErrorContains(t, err, `checkpoint ".logcollect/checkpoint": in use by another Collector`)
	err = (&Collector{Include: []string{"*.log"}, Checkpoint: "mine", Sink: &File{Path: b.path("out")}}).Run(t.Context(), b.root)
	require.ErrorContains(t, err, "in use by another Collector")
	require.NoError(t, b.stop())
}
