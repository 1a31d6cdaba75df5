package logcollect

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func (c rotation) test(t *testing.T, pollOnly bool) {
	b := newBench(t)
	require.NoError(t, os.Mkdir(b.path("logs"), 0o755))
	sink := &memory{}
	include := c.include
	if include == nil {
		include = []string{log}
	}
	b.start(&Collector{Include: include, Sink: sink, PollOnly: pollOnly})
	c.do(b, sink)
	require.NoError(t, b.stop())
	require.Equal(t, c.want, sink.String())
	s := b.c.Stats()
	require.Equal(t, c.stats, Stats{Rotations: s.Rotations, Truncations: s.Truncations, PartialLines: s.PartialLines, HoleBytes: s.HoleBytes})
	require.Zero(t, s.LostBytes)
	require.Zero(t, s.Lag)
}

func TestRotationPolled(t *testing.T) {
	for _, c := range slices.Concat(rotations, moves, holes, retargets) {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.test(t, true) })
		})
	}
}

func TestRotationNotified(t *testing.T) {
	for _, c := range slices.Concat(rotations, moves, holes, retargets) {
		t.Run(c.name, func(t *testing.T) { c.test(t, false) })
	}
}
