package logcollect

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestLinesAreKept(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"CRLF", "one\r\ntwo\r\n\r\n"},
		{"NUL and invalid UTF-8", "a\x00b\n\xff\xfe\n\x00\n"},
		{"empty lines", "\n\n\nx\n\n"},
		{"nothing", ""},
		{"as long as allowed", strings.Repeat("x", 100) + "\n" + strings.Repeat("y", 100) + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.append("a.log", c.text)
				sink := &memory{}
				b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true, MaxLineBytes: 100})
				require.NoError(t, b.stop())
				require.Equal(t, c.text, sink.String())
				require.EqualValues(t, strings.Count(c.text, "\n"), b.c.Stats().Lines)
				require.EqualValues(t, len(c.text), b.c.Stats().Bytes)
				require.Zero(t, b.c.Stats().LongLines)
			})
		})
	}
}

func TestPartialLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sink := &memory{}
		b.append("a.log", "one\nhalf")
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(1)
		for i := range 10 {
			b.append("a.log", fmt.Sprint(" ", i))
			b.await("seen", func() bool { return b.c.Stats().Lag == int64(6+2*i) })
		}
		require.Equal(t, "one\n", sink.String(), "held")
		b.append("a.log", "\n")
		b.awaitLines(2)
		b.append("a.log", "last")
		require.NoError(t, b.stop())
		want := "one\nhalf 0 1 2 3 4 5 6 7 8 9\nlast\n"
		require.Equal(t, want, sink.String())
		require.EqualValues(t, 1, b.c.Stats().PartialLines)
		require.Equal(t, 1, sink.cut)

		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, want, sink.String(), "not again")

		b.append("a.log", "\nnext\n")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, want+"next\n", sink.String(), "the newline was there already")
	})
}

func TestLongLines(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int
		text  string
		want  string
		long  int64
	}{
		{"small", 4, "abcd\nabcde\nabcdefghij\nx\n", "abcd\nabcd\ne\nabcd\nefgh\nij\nx\n", 3},
		{"of a multiple", 4, "abcdefgh\n", "abcd\nefgh\n", 1},
		{"at the end", 4, "abcdefgh", "abcd\nefgh\n", 1},
		{"of one byte", 1, "abc\n\n", "a\nb\nc\n\n", 2},
		{
			"larger than a batch", 3 << 20,
			"first\n" + strings.Repeat("x", 3<<20) + "\n" + strings.Repeat("y", 3<<20+1) + "\nlast\n",
			"first\n" + strings.Repeat("x", 3<<20) + "\n" + strings.Repeat("y", 3<<20) + "\ny\nlast\n", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				sink := &memory{}
				b.append("a.log", c.text)
				b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true, MaxLineBytes: c.limit})
				require.NoError(t, b.stop())
				require.True(t, c.want == sink.String(), "%.100q", sink.String())
				require.Equal(t, c.long, b.c.Stats().LongLines)
				require.EqualValues(t, len(c.text), b.c.Stats().Bytes)
			})
		})
	}
}
