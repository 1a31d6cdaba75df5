//go:build unix

package logcollect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const eventRoot, eventSink = "LOGCOLLECT_EVENT_ROOT", "LOGCOLLECT_EVENT_SINK"

// TestEventChild is the process that TestEventsKilled kills.
func TestEventChild(t *testing.T) {
	dir := os.Getenv(eventRoot)
	if dir == "" {
		t.Skip("not a child")
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	require.NoError(t, os.WriteFile(fmt.Sprintf("%s/up.%d", dir, os.Getpid()), nil, 0o600))
	c := &Collector{
		Include: []string{"a.log"}, Sink: &File{Path: "out"}, PollInterval: 10 * time.Millisecond,
		StripCR: true, Multiline: &Multiline{Start: indented.Start, Idle: time.Hour},
	}
	if os.Getenv(eventSink) == "records" {
		out, err := os.OpenFile(dir+"/out", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		c.Sink = records{out}
	}
	require.NoError(t, c.Run(ctx, root))
}

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

func TestEventsKilled(t *testing.T) {
	for _, sink := range []string{"file", "records"} {
		t.Run(sink, func(t *testing.T) {
			b := newBench(t)
			child := b.eventChild(sink)
			var want []string
			for i := range 10 {
				killed := time.After(time.Duration(rand.IntN(80)) * time.Millisecond)
				for alive := true; alive; {
					select {
					case <-killed:
						require.NoError(t, child.Process.Kill())
						child.Wait()
						alive = false
					case <-time.After(time.Millisecond):
						for range 1 + rand.IntN(50) {
							event := fmt.Sprintf("event %d of round %d\n%s", len(want), i, strings.Repeat("\tat somewhere\n", rand.IntN(5)))
							want = append(want, event)
							text := strings.ReplaceAll(event, "\n", "\r\n")
							half := rand.IntN(len(text)) // seen without the rest, perhaps
							b.append("a.log", text[:half])
							b.append("a.log", text[half:])
						}
					}
				}
				child = b.eventChild(sink)
			}
			all := strings.Join(want, "")
			if sink == "records" {
				b.awaitOut(strconv.Quote(want[len(want)-2]) + "\n") // the last one is held
			} else {
				b.awaitOut(strings.TrimSuffix(all, want[len(want)-1]))
			}
			b.await("the child up", func() bool {
				_, err := os.Stat(b.path(fmt.Sprintf("up.%d", child.Process.Pid)))
				return err == nil
			})
			require.NoError(t, child.Process.Signal(syscall.SIGTERM))
			require.NoError(t, child.Wait())
			if sink == "file" {
				require.True(t, all == b.read("out"))
				return
			}
			known, has := map[string]bool{}, map[string]bool{}
			for _, event := range want {
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
			require.LessOrEqual(t, len(want)-len(has), torn)
		})
	}
}

func (b *bench) eventChild(sink string) *exec.Cmd {
	b.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestEventChild$")
	child.Env = append(os.Environ(), eventRoot+"="+b.dir, eventSink+"="+sink)
	child.Stderr = os.Stderr
	require.NoError(b, child.Start())
	b.Cleanup(func() { child.Process.Kill() })
	return child
}

// awaitOut waits until the output ends with text.
func (b *bench) awaitOut(text string) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		got, err := os.ReadFile(b.path("out"))
		if err == nil && strings.HasSuffix(string(got), text) {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("a minute later the output does not end with %q", text)
		}
	}
}
