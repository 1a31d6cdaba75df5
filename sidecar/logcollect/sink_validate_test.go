package logcollect

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

type picky struct {
	memory
	wrong error
}

func (p *picky) Validate() error { return p.wrong }

func TestSinkIsAskedWhetherItIsRight(t *testing.T) {
	b := newBench(t)
	b.append("a.log", lines(0, 5))
	sink := &picky{wrong: errors.New("URL: empty")}
	c := &Collector{Include: []string{"*.log"}, Sink: sink, PollInterval: -1}
	require.EqualError(t, c.Run(t.Context(), b.root), "logcollect: Sink: URL: empty; PollInterval: -1ns is negative")
	require.Empty(t, sink.String())

	sink.wrong = nil
	b.start(&Collector{Include: []string{"*.log"}, Sink: sink})
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 5), sink.String())
}
