package logcollect

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// page is a line that ends where a page does, and a hole may begin.
var page = strings.Repeat("x", 64<<10-1) + "\n"

// preallocate makes a file that begins with text and has a hole behind it.
func (b *bench) preallocate(name, text string) {
	b.Helper()
	b.append(name, text)
	require.NoError(b, os.Truncate(b.path(name), 1<<20))
	f, err := os.Open(b.path(name))
	require.NoError(b, err)
	defer f.Close()
	if nextData(f, int64(len(text))) >= 0 {
		b.Skip("holes are not known here")
	}
}

// A writer may make its file larger before it writes. What it has not written by the
// end of the file's time is nothing to wait for.
func TestPreallocated(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench)
		want string
	}{{
		name: "followed",
		do:   func(*bench) {},
		want: page,
	}, {
		name: "renamed",
		do: func(b *bench) {
			b.rename("a.log", "a.log.1")
			b.append("a.log", "two\n")
			b.awaitLines(2)
		},
		want: page + "two\n",
	}, {
		name: "removed",
		do:   func(b *bench) { b.remove("a.log") },
		want: page,
	}} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			sink := &memory{}
			b.preallocate("a.log", page)
			b.start(&Collector{Include: []string{"a.log"}, Sink: sink, PollOnly: true, PollInterval: 5 * time.Millisecond})
			b.awaitLines(1)
			began := time.Now()
			c.do(b)
			b.cancel()
			select {
			case err := <-b.done:
				require.NoError(t, err)
			case <-time.After(10 * time.Second):
				t.Fatal("does not end")
			}
			require.Less(t, time.Since(began), drainTime-100*time.Millisecond)
			require.Equal(t, c.want, sink.String())
			s := b.c.Stats()
			require.Zero(t, s.Lag)
			require.Zero(t, s.LostBytes)
			require.Zero(t, s.HoleBytes)
		})
	}
}

// What is written into it, or behind it, is found.
func TestPreallocatedAndWritten(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	b.preallocate("a.log", page)
	b.start(&Collector{Include: []string{"a.log"}, Sink: sink, PollOnly: true, PollInterval: 5 * time.Millisecond})
	b.awaitLines(1)
	f, err := os.OpenFile(b.path("a.log"), os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte("two\n"), int64(len(page)))
	require.NoError(t, err)
	b.awaitLines(2)
	b.append("a.log", "three\n")
	b.await("all", func() bool { return strings.HasSuffix(sink.String(), "three\n") })
	require.NoError(t, b.stop())
}

// The same where what was written does not end where a page does, as that of a
// writer through a mapping into memory.
func TestPreallocatedWithinPage(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	b.preallocate("a.log", page)
	require.NoError(t, os.Truncate(b.path("a.log"), 4<<20))
	b.start(&Collector{Include: []string{"a.log"}, Sink: sink, PollOnly: true, PollInterval: 5 * time.Millisecond})
	want := page
	for _, text := range []string{"one\n", "two\n", "par", "tial\n", "three\n"} {
		b.writeAt("a.log", want, text)
		want += text
		b.await(text, func() bool {
			partial := len(want) - strings.LastIndex(want, "\n") - 1
			return len(sink.String()) >= len(want)-partial && b.c.Stats().Lag == int64(partial)
		})
		require.True(t, want[:len(sink.String())] == sink.String())
	}
	require.NoError(t, b.stop())
	require.True(t, want == sink.String())
	require.Zero(t, b.c.Stats().Lag)
}
