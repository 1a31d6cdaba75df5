package logcollect

import (
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

func TestFileSinkTakenAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", lines(0, 5))
		b.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: b.path("out/a")}, PollOnly: true})
		b.awaitLines(5)
		<-time.After(commitInterval)
		b.rename("out/a", "out/b")
		b.append("a.log", lines(5, 10))
		require.ErrorContains(t, <-b.done, "out/a was removed or renamed")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, lines(5, 10), b.read("out/a"))
	})
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
