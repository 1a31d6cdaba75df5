package logcollect

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func skipWithoutUnpack(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing is unpacked there")
	}
}

// The rest of one that was compressed comes before the generations after it,
// whether these were known or came and went unseen.
func TestUnpackedInTurn(t *testing.T) {
	skipWithoutUnpack(t)
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprintf("known %v", known), func(t *testing.T) {
			b := newBench(t)
			sink := &memory{}
			b.append(log, lines(0, 10))
			b.start(&Collector{Include: []string{log}, Sink: sink, PollOnly: true, PollInterval: 5 * time.Millisecond})
			b.awaitLines(10)
			first := log
			if known {
				first = log + ".1"
				b.rename(log, first)
				b.append(log, "next\n")
				b.awaitLines(11)
			}
			b.again(func() {
				b.append(first, lines(10, 20))
				b.rename(first, log+".2")
				b.compress(log + ".2")
				b.append(log, lines(20, 30))
				b.rename(log, log+".1")
				b.append(log, lines(30, 40))
			})
			require.NoError(t, b.stop())
			require.Equal(t, lines(0, 40), strings.Replace(sink.String(), "next\n", "", 1))
		})
	}
}

// Many are unpacked, and again after a run that could not deliver them.
func TestUnpackedAgain(t *testing.T) {
	skipWithoutUnpack(t)
	b := newBench(t)
	sink := &memory{}
	const n = 8
	name := func(i int) string { return fmt.Sprintf("%d.log", i) }
	for i := range n {
		b.append(name(i), lines(0, 10))
	}
	b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
	b.awaitLines(10 * n)
	require.NoError(t, b.stop())
	for i := range n {
		b.append(name(i), lines(10, 20))
		b.rename(name(i), name(i)+".1")
		b.compress(name(i) + ".1")
	}
	sink.block()
	b.startGrace(b.c, 20*time.Millisecond)
	require.ErrorContains(t, b.stop(), "not delivered")
	sink.unblock()
	b.start(b.c)
	require.NoError(t, b.stop())
	for i := range n {
		require.Equal(t, lines(0, 20), sink.of(name(i)), i)
	}
	require.Zero(t, b.c.Stats().MissingFiles)
	require.Zero(t, b.c.Stats().OpenFiles)
}
