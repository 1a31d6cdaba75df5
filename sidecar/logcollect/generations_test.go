package logcollect

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// keepMany writes n generations of a log, the last of which is not rotated.
func (b *bench) keepMany(name string, from, n int) {
	b.Helper()
	for i := from; i < from+n; i++ {
		if _, err := os.Stat(b.path(name)); err == nil {
			b.rename(name, fmt.Sprintf("%s.%d", name, i))
		}
		b.append(name, lines(i, i+1))
		b.awaitClock()
	}
}

// awaitClock waits until the filesystem gives a new file another time of birth.
func (b *bench) awaitClock() {
	b.Helper()
	modified := func() time.Time {
		b.append("clock", "x")
		fi, err := os.Stat(b.path("clock"))
		require.NoError(b, err)
		b.remove("clock")
		return fi.ModTime()
	}
	for first := modified(); !modified().After(first); {
	}
}

func TestManyGenerations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sink := &memory{}
		b.append("access.log", "")
		b.start(&Collector{Include: []string{"access.log"}, Sink: sink, PollOnly: true})
		b.keepMany("access.log", 0, 50)
		b.awaitLines(50)
		require.NoError(t, b.stop())

		b.keepMany("access.log", 50, 50)
		began := time.Now()
		b.start(b.c)
		b.awaitLines(100)
		require.Less(t, time.Since(began), time.Second, "each generation waits for the one before, but not for the clock")
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 100), sink.String())
	})
}

// While a sink is slow the generations pile up. That they wait for long is no reason
// to mix them.
func TestManyGenerationsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		const size = 30_000 // of a generation: more than a batch
		n := 0
		sink := &memory{fail: func() error {
			<-time.After(time.Second)
			return nil
		}}
		b.append("access.log", lines(0, 1))
		b.start(&Collector{Include: []string{"access.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(1)
		require.NoError(t, b.stop())
		for i := range 7 {
			if i > 0 {
				b.rename("access.log", fmt.Sprintf("access.log.%d", i))
			}
			b.append("access.log", lines(n+1, n+1+size))
			b.awaitClock()
			n += size
		}
		b.start(b.c)
		b.awaitLines(int64(n + 1))
		require.NoError(t, b.stop())
		if want, got := lines(0, n+1), sink.String(); want != got {
			require.Equal(t, len(want), len(got))
			i := 0
			for want[i] == got[i] {
				i++
			}
			require.Equal(t, want[i:min(i+100, len(want))], got[i:min(i+100, len(got))], "after %d lines", strings.Count(got[:i], "\n"))
		}
	})
}
