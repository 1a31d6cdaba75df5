package push

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// Lines that come one by one are sent many at once, and the first of them at once.
func TestInterval(t *testing.T) {
	for interval, requests := range map[time.Duration]int{0: 26, time.Second: 6, -1: 251} {
		t.Run(interval.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{TB: t, decode: rawLines}
				p := newBubble(t, f)
				s := newSite(t, &Sink{URL: "http://logs", Format: verbatim{}, Interval: interval})
				s.c = &logcollect.Collector{Include: []string{"*.log"}, Sink: s.c.Sink, PollOnly: true, PollInterval: 10 * time.Millisecond}
				go func() {
					for i := range 250 {
						s.append("a.log", fmt.Sprintln(i))
						time.Sleep(20 * time.Millisecond)
					}
				}()
				time.AfterFunc(50*time.Millisecond, func() { require.NotEmpty(t, f.texts()) })
				require.NoError(t, s.run(p.ctx, 6*time.Second))
				require.Len(t, f.texts(), 250)
				require.InDelta(t, requests, f.sent(), 2)
			})
		})
	}
}

// A batch that is large, or that failed, does not wait for more.
func TestIntervalIsForSmallBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, nil)
		began := time.Now()
		for range 10 {
			require.NoError(t, a.sink.Write(a.ctx, batch("a", numbered(10_000))))
		}
		require.Zero(t, time.Since(began))
		require.NoError(t, a.sink.Write(a.ctx, batch("a", "x\n")))
		require.Equal(t, 200*time.Millisecond, time.Since(began))
	})
}
