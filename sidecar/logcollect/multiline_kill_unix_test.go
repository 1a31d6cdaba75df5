//go:build unix

package logcollect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

// records writes each event as one line.
type records struct{ f *os.File }

func (r records) Write(_ context.Context, batch Batch) error {
	var lines []byte
	for _, event := range batch.All() {
		lines = append(strconv.AppendQuote(lines, string(event)), '\n')
	}
	_, err := r.f.Write(lines)
	return err
}

// killEvents has a child collect events, and be killed. It returns what was written.
func killEvents(t *testing.T, b *bench, kind string, kills int) (events []string) {
	write := func(n int) {
		for range n {
			event := fmt.Sprintf("event %d\n%s", len(events), strings.Repeat("\tat somewhere\n", rand.IntN(5)))
			events = append(events, event)
			text := strings.ReplaceAll(event, "\n", "\r\n")
			half := rand.IntN(len(text)) // seen without the rest, perhaps
			b.append("access.log", text[:half])
			b.append("access.log", text[half:])
		}
	}
	finished := false
	podtest.KillLoop(t, podtest.Kill{
		Command:  func() *exec.Cmd { return b.command(kind) },
		Kills:    kills,
		Life:     80 * time.Millisecond,
		Work:     func() { write(1 + rand.IntN(50)) },
		Progress: b.sizeOut,
		Done: func() bool {
			if !finished {
				write(2) // of which the first is delivered, and the other held
				finished = true
			}
			last := events[len(events)-2]
			return b.endsOut(last) || b.endsOut(strconv.Quote(last)+"\n")
		},
	})
	return events
}

func TestEventsKilled(t *testing.T) {
	b := newBench(t)
	events := killEvents(t, b, "events", 10)
	requireSame(t, strings.Join(events, ""), b.read("out"))
}

// A sink that can't be cut back gets whole events, of which some come twice.
func TestEventRecordsKilled(t *testing.T) {
	b := newBench(t)
	events := killEvents(t, b, "event records", 10)
	known, has := map[string]bool{}, map[string]bool{}
	for _, event := range events {
		known[event] = true
	}
	torn := 0
	for line := range strings.Lines(b.read("out")) {
		event, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil { // a write was killed, and the next run has gone on in the same line
			torn++
			continue
		}
		require.True(t, known[event], "not whole: %q", event)
		has[event] = true
	}
	require.LessOrEqual(t, torn, 10)
	require.LessOrEqual(t, len(events)-len(has), torn)
}
