package logcollect

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A notebook is a Sink that keeps each line or event.
type notebook struct {
	mu    sync.Mutex
	items []item
}

func (r *notebook) Write(_ context.Context, batch Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range batch.Chunks {
		if c.Count > maxEvents && c.Ends != nil || cap(c.Ends) != len(c.Ends) {
			return fmt.Errorf("%d ends with room for %d", len(c.Ends), cap(c.Ends))
		}
		for line := range c.All() {
			r.items = append(r.items, item{string(line), Whole})
		}
		r.items[len(r.items)-1].cut = c.Cut
	}
	return nil
}

func (r *notebook) all() []item {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.items)
}

// Each text is appended in a run of its own.
var framings = []struct {
	name  string
	c     Collector
	texts []string
	want  []item
	stats Stats // LongLines, TruncatedLines, TruncatedBytes, PartialLines
}{{
	name:  "CRLF stripped, nothing else",
	c:     Collector{StripCR: true},
	texts: []string{"one\r\n\r\ntwo\nthr\ree\r\r\n\x00\xff\r\n\r\r\n\n"},
	want:  []item{{"one\n", 0}, {"\n", 0}, {"two\n", 0}, {"thr\ree\r\n", 0}, {"\x00\xff\n", 0}, {"\r\n", 0}, {"\n", 0}},
}, {
	name:  "CR at the end",
	c:     Collector{StripCR: true},
	texts: []string{"one\r\ntwo\r", "\nthree\r\n", "four", "\r\nfive", "\r", "\n"},
	want: []item{
		{"one\n", 0}, {"two\r\n", Ended}, {"three\n", 0}, {"four\n", Ended}, {"five\n", Ended}, {"\r\n", Ended},
	},
	stats: Stats{PartialLines: 4},
}, {
	name:  "CR kept at the end",
	texts: []string{"one\r", "\ntwo\r\n"},
	want:  []item{{"one\r\n", Ended}, {"two\r\n", 0}},
	stats: Stats{PartialLines: 1},
}, {
	name:  "as long as allowed, and one more",
	c:     Collector{MaxLineBytes: 4},
	texts: []string{"abcd\nabcde\nabc\r\nabcd\r\n"},
	want:  []item{{"abcd\n", 0}, {"abcd\n", Split}, {"e\n", 0}, {"abc\r\n", 0}, {"abcd\n", Split}, {"\r\n", 0}},
	stats: Stats{LongLines: 2},
}, {
	name:  "as long as allowed without CR, and one more",
	c:     Collector{MaxLineBytes: 4, StripCR: true},
	texts: []string{"abcd\r\nabcde\r\nabcd\rx\r\nabcd\r"},
	want: []item{
		{"abcd\n", 0}, {"abcd\n", Split}, {"e\n", 0}, {"abcd\n", Split}, {"\rx\n", 0}, {"abcd\n", Split}, {"\r\n", Ended},
	},
	stats: Stats{LongLines: 3, PartialLines: 1},
}, {
	name:  "split over two runs",
	c:     Collector{MaxLineBytes: 4},
	texts: []string{"abcdefgh", "ij\nk\n"},
	want:  []item{{"abcd\n", Split}, {"efgh\n", Ended}, {"ij\n", 0}, {"k\n", 0}},
	stats: Stats{LongLines: 1, PartialLines: 1},
}, {
	name:  "truncated",
	c:     Collector{MaxLineBytes: 4, TruncateLines: true},
	texts: []string{"abcd\nabcde\n\nabcdefghij\nx\n"},
	want:  []item{{"abcd\n", 0}, {"abcd\n", Truncated}, {"\n", 0}, {"abcd\n", Truncated}, {"x\n", 0}},
	stats: Stats{TruncatedLines: 2, TruncatedBytes: 2 + 7},
}, {
	name:  "truncated, CR stripped",
	c:     Collector{MaxLineBytes: 4, TruncateLines: true, StripCR: true},
	texts: []string{"abcd\r\nabcd\r\r\nabcde\r\nx\r\n"},
	want:  []item{{"abcd\n", 0}, {"abcd\n", Truncated}, {"abcd\n", Truncated}, {"x\n", 0}},
	stats: Stats{TruncatedLines: 2, TruncatedBytes: 3 + 3},
}, {
	name:  "truncated over three runs",
	c:     Collector{MaxLineBytes: 4, TruncateLines: true},
	texts: []string{"abcdef", "ghi", "jk\nnext\n"},
	want:  []item{{"abcd\n", Truncated}, {"next\n", 0}},
	stats: Stats{TruncatedLines: 1, TruncatedBytes: 2 + 3 + 3},
}, {
	name:  "truncated, longer than a batch",
	c:     Collector{MaxLineBytes: 2 << 20, TruncateLines: true},
	texts: []string{"a\n" + strings.Repeat("x", 5<<20) + "\nb\n"},
	want:  []item{{"a\n", 0}, {strings.Repeat("x", 2<<20) + "\n", Truncated}, {"b\n", 0}},
	stats: Stats{TruncatedLines: 1, TruncatedBytes: 3<<20 + 1},
}}

func TestFraming(t *testing.T) {
	for i := range framings {
		c := &framings[i]
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				sink := &notebook{}
				b.c = c.c.with(sink)
				for _, text := range c.texts {
					b.append("a.log", text)
					b.start(b.c)
					require.NoError(t, b.stop())
					require.Zero(t, b.c.Stats().Lag)
				}
				requireItems(t, c.want, sink.all())
				s := b.c.Stats()
				require.Equal(t, c.stats, Stats{
					LongLines: s.LongLines, PartialLines: s.PartialLines, TruncatedLines: s.TruncatedLines, TruncatedBytes: s.TruncatedBytes,
				})
				require.EqualValues(t, len(c.want), s.Lines)
			})
		})
	}
}

// with returns a Collector with the fields of c that are about framing.
func (c *Collector) with(sink Sink) *Collector {
	return &Collector{
		Include: []string{"*.log"}, Sink: sink, PollOnly: true,
		MaxLineBytes: c.MaxLineBytes, TruncateLines: c.TruncateLines, StripCR: c.StripCR, Multiline: c.Multiline,
	}
}

func requireItems(t *testing.T, want, got []item) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("item %d is %.100q with %d, not %.100q with %d", i, got[i].text, got[i].cut, want[i].text, want[i].cut)
		}
	}
}

// A File is cut back to the length that it had, which is not that of the logs.
func TestFileWithOptions(t *testing.T) {
	for i := range framings {
		c := &framings[i]
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.c = c.c.with(&File{Path: "out"})
				for _, text := range c.texts {
					b.append("a.log", text)
					b.start(b.c)
					require.NoError(t, b.stop())
				}
				ref := &reference{framing: b.c.framing()}
				ref.segment([]byte(strings.Join(c.texts, "")), 0) // as in one run: what was partial is taken back
				want := ""
				for _, it := range ref.items {
					want += it.text
				}
				require.True(t, want == b.read("out"), "%.200q", b.read("out"))
			})
		})
	}
}

func TestCRLFBetweenReads(t *testing.T) {
	for pad := range 4 {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			text := strings.Repeat("p", pad) + "\r\n" + strings.Repeat(strings.Repeat("x", 62)+"\r\n", 2*batchSize/64) +
				strings.Repeat("y", batchSize-pad) + "\r\n" + strings.Repeat("z", batchSize) + "\r\nlast\r\n"
			b.append("a.log", text)
			sink := &memory{}
			b.start((&Collector{StripCR: true}).with(sink))
			require.NoError(t, b.stop())
			require.True(t, strings.ReplaceAll(text, "\r\n", "\n") == sink.String())
		})
	}
}

// Allocations are those of starting and stopping, however many lines there are.
func TestNoAllocationPerLine(t *testing.T) {
	crlf := strings.Repeat("2026-01-02 a line of the log\r\n\tand more of it\r\n", 2000)
	for name, c := range map[string]*Collector{
		"plain":         {},
		"StripCR":       {StripCR: true},
		"TruncateLines": {TruncateLines: true, MaxLineBytes: 20},
		"split":         {MaxLineBytes: 20},
		"Multiline":     {Multiline: &Multiline{Start: starts[1]}},
		"all":           {Multiline: &Multiline{Start: starts[1]}, StripCR: true, TruncateLines: true, MaxLineBytes: 40},
	} {
		t.Run(name, func(t *testing.T) {
			allocs := func(size int) uint64 {
				b := newBench(t)
				for range size {
					b.append("a.log", crlf)
				}
				sink := &discard{}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				b.start(c.with(sink))
				require.NoError(t, b.stop())
				runtime.ReadMemStats(&after)
				return after.Mallocs - before.Mallocs
			}
			few, many := allocs(8), allocs(33)
			require.Less(t, int64(many-few), int64(1000), "for 100,000 lines more")
		})
	}
}

// discard takes everything, and looks at each line.
type discard struct{ lines int }

func (d *discard) Write(_ context.Context, batch Batch) error {
	for range batch.All() {
		d.lines++
	}
	return nil
}
