//go:build unix

package logcollect

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What is no regular file is left alone: to open a pipe would wait for a writer.
func TestIrregularFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", lines(0, 10))
		b.append("dir.log/file", "not this\n")
		require.NoError(t, unix.Mkfifo(b.path("pipe.log"), 0o644))
		sink := &memory{}
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(10)
		b.remove("a.log")
		require.NoError(t, unix.Mkfifo(b.path("a.log"), 0o644))
		b.await("gone", func() bool { return b.c.Stats().Files == 0 })
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 10), sink.String())
	})
}
