package logcollect

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A checkpoint that was written in the middle of a hole is gone on from there.
func TestResumeInHole(t *testing.T) {
	b := newBench(t)
	nuls := strings.Repeat("\x00", 3000)
	b.append("a.log", nuls+"one\n")
	c := &Collector{Include: []string{"*.log"}, Sink: &memory{}, PollOnly: true}
	f, err := os.Open(b.path("a.log"))
	require.NoError(t, err)
	defer f.Close()
	at, err := lookAt(f, "a.log")
	require.NoError(t, err)
	s := &source{id: at.id, origin: originOf(f), path: "a.log", home: "a.log", cut: 3000}
	r := newRun(c, t.Context(), b.root, nil)
	r.saw(s, 1000)
	r.skipHole(s, 1000)

	text := (&checkpoint{files: []progress{s.progress()}}).append(nil)
	require.NoError(t, os.MkdirAll(b.path(".logcollect"), 0o755))
	require.NoError(t, os.WriteFile(b.path(DefaultCheckpoint), text, 0o644))
	b.start(c)
	b.awaitLines(1)
	require.NoError(t, b.stop())
	require.Equal(t, "one\n", c.Sink.(*memory).String())
	require.EqualValues(t, 3000, c.Stats().HoleBytes)
	require.Zero(t, c.Stats().Lag)
	require.Zero(t, c.Stats().LostBytes)
}
