package logcollect

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var long = strings.Repeat("long", batchSize/2)

var indented = &Multiline{Start: regexp.MustCompile(`^\S`)}

func TestMultiline(t *testing.T) {
	for _, c := range []struct {
		name  string
		c     *Collector // nil: the zero one
		do    func(b *bench)
		want  []item
		stats Stats
	}{{
		name: "events, the last at the end",
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\n\tat b\ntwo\nthree\n\n\tat c\n")
			b.awaitLines(2)
		},
		want: []item{{"one\n\tat a\n\tat b\n", 0}, {"two\n", 0}, {"three\n\n\tat c\n", 0}},
	}, {
		name: "begins without a start",
		do: func(b *bench) {
			b.append("a.log", "\tat a\n\tat b\none\n")
			b.awaitLines(1)
		},
		want: []item{{"\tat a\n\tat b\n", 0}, {"one\n", 0}},
	}, {
		name: "CRLF, NUL and invalid UTF-8",
		c:    &Collector{StripCR: true},
		do: func(b *bench) {
			b.append("a.log", "one\r\n\tat\x00\xff\r\n\xfftwo\r\n\x00three\r\n\tat\r\r\n")
			b.awaitLines(2)
		},
		want: []item{{"one\n\tat\x00\xff\n", 0}, {"\xfftwo\n", 0}, {"\x00three\n\tat\r\n", 0}},
	}, {
		name: "idle",
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\n")
			began := time.Now()
			for range 3 { // it grows all the time
				time.Sleep(900 * time.Millisecond)
				b.append("a.log", "\tat b\n")
			}
			require.Zero(b, b.c.Stats().Lines)
			b.awaitLines(1)
			require.GreaterOrEqual(b, time.Since(began), 2700*time.Millisecond+defaultIdle)
			require.Less(b, time.Since(began), 2700*time.Millisecond+defaultIdle+2*defaultPollInterval)
			b.append("a.log", "\tat c\nhalf a li")
			b.awaitLines(2)
			time.Sleep(time.Hour)
			require.EqualValues(b, 2, b.c.Stats().Lines, "held")
			b.append("a.log", "ne\n\tat d\ntwo\n")
			b.awaitLines(3)
		},
		want: []item{{"one\n\tat a\n\tat b\n\tat b\n\tat b\n", 0}, {"\tat c\n", 0}, {"half a line\n\tat d\n", 0}, {"two\n", 0}},
	}, {
		name: "ends without a newline",
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\n\tat")
			b.await("seen", func() bool { return b.c.Stats().Lag > 0 })
		},
		want:  []item{{"one\n\tat a\n\tat\n", Ended}},
		stats: Stats{PartialLines: 1},
	}, {
		name: "ends with a start without a newline",
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\ntwo")
			b.await("seen", func() bool { return b.c.Stats().Lag > 0 })
		},
		want:  []item{{"one\n\tat a\n", 0}, {"two\n", Ended}},
		stats: Stats{PartialLines: 1},
	}, {
		name: "renamed",
		c:    &Collector{Multiline: &Multiline{Start: indented.Start, Idle: time.Hour}},
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\n")
			b.await("seen", func() bool { return b.c.Stats().Lag > 0 })
			b.append("a.log", "\tat b\n")
			b.rename("a.log", "a.log.1")
			b.append("a.log.1", "\tat c\n")
			b.append("a.log", "\tat d\ntwo\n\tat e\nthree\n")
			b.awaitLines(3)
		},
		want:  []item{{"one\n\tat a\n\tat b\n\tat c\n", 0}, {"\tat d\n", 0}, {"two\n\tat e\n", 0}, {"three\n", 0}},
		stats: Stats{Rotations: 1},
	}, {
		name: "truncated before it is complete",
		do: func(b *bench) {
			b.append("a.log", "one\n\tat a\ntwo\n\tat b\n")
			b.awaitLines(1)
			b.truncate("a.log")
			b.append("a.log", "3\n4\n5\n6\n7\n")
		},
		want:  []item{{"one\n\tat a\n", 0}, {"3\n", 0}, {"4\n", 0}, {"5\n", 0}, {"6\n", 0}, {"7\n", 0}},
		stats: Stats{Truncations: 1, LostBytes: int64(len("two\n\tat b\n"))},
	}, {
		name: "parted",
		c:    &Collector{MaxLineBytes: 12},
		do: func(b *bench) {
			b.append("a.log", "one\n\tat abcd\n\tat b\n\tat c\n\tat a longer one\n\tat d\ntwo\n\tat efgh\nthree\n")
			b.awaitLines(5)
		},
		want: []item{
			{"one\n\tat abcd\n", Parted}, {"\tat b\n\tat c\n", Parted}, {"\tat a longer\n", Split}, {" one\n\tat d\n", 0},
			{"two\n\tat efgh\n", 0}, {"three\n", 0},
		},
		stats: Stats{LongLines: 3},
	}, {
		name: "truncated events",
		c:    &Collector{MaxLineBytes: 12, TruncateLines: true},
		do: func(b *bench) {
			b.append("a.log", "one\n\tat abcd\n\tat b\n\tat c\na longer one and\n\tat d\ntwo\n\tat e\n\tat f\n")
			b.awaitLines(2)
			time.Sleep(2 * defaultIdle) // what comes later is no part of it
			b.append("a.log", "\tat g\nthree\n\tat h\n\tat")
			b.await("seen", func() bool { return b.c.Stats().Lag > 0 })
		},
		want: []item{
			{"one\n\tat abcd\n", Truncated}, {"a longer one\n", Truncated}, {"two\n\tat e\n", Truncated}, {"\tat g\n", 0}, {"three\n\tat h\n", Truncated},
		},
		stats: Stats{TruncatedLines: 4, TruncatedBytes: int64(len("\tat b\n\tat c\n and\n\tat d\n\tat f\n\tat"))},
	}, {
		name: "begun again while one is dropped",
		c:    &Collector{MaxLineBytes: 6, TruncateLines: true},
		do: func(b *bench) {
			b.append("a.log", "one\n\tat abcd\n\tat")
			b.await("seen", func() bool { return b.c.Stats().Lag == 3 })
			b.truncate("a.log")
			b.append("a.log", "\ttwo\n\tthree\n")
		},
		want:  []item{{"one\n", Truncated}, {"\ttwo\n", Truncated}},
		stats: Stats{Truncations: 1, TruncatedLines: 2, TruncatedBytes: int64(len("\tat abcd\n\tthree\n")), LostBytes: 3},
	}, {
		name: "as long as allowed, and longer than a batch",
		c:    &Collector{MaxLineBytes: len(long) + 1},
		do: func(b *bench) {
			b.append("a.log", long+"\n\n"+"b"+long[:startSize-2]+"\n"+long+"\n\n\n"+long[:startSize+1])
			b.awaitLines(3)
		},
		want: []item{
			{long + "\n\n", 0}, {"b" + long[:startSize-2] + "\n", 0}, {long + "\n\n", Parted}, {"\n", 0}, {long[:startSize+1] + "\n", Ended},
		},
		stats: Stats{LongLines: 1, PartialLines: 1},
	}, {
		name: "more than a batch of empty ones",
		c:    &Collector{Multiline: &Multiline{Start: regexp.MustCompile(``)}},
		do: func(b *bench) {
			b.append("a.log", strings.Repeat("\n", maxEvents+10))
			b.awaitLines(maxEvents + 9)
		},
		want: func() (want []item) {
			for range maxEvents + 10 {
				want = append(want, item{"\n", 0})
			}
			return want
		}(),
	}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.append("a.log", "")
				sink := &notebook{}
				fields := cmp.Or(c.c, &Collector{}).with(sink)
				fields.Multiline = cmp.Or(fields.Multiline, indented)
				b.start(fields)
				c.do(b)
				require.NoError(t, b.stop())
				requireItems(t, c.want, sink.all())
				s := b.c.Stats()
				require.Equal(t, c.stats, Stats{
					Rotations: s.Rotations, Truncations: s.Truncations, PartialLines: s.PartialLines, LostBytes: s.LostBytes,
					LongLines: s.LongLines, TruncatedLines: s.TruncatedLines, TruncatedBytes: s.TruncatedBytes,
				})
				require.Zero(t, s.Lag)
			})
		})
	}
}

// An event that the stop has cut in two is one again in a File.
func TestMultilineOverRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("a.log", "one\n\tat a\n")
		b.start((&Collector{Multiline: indented}).with(&File{Path: "out"}))
		require.NoError(t, b.stop())
		require.Equal(t, "one\n\tat a\n", b.read("out"))
		b.append("a.log", "\tat b\ntwo\n\tat")
		b.start(b.c)
		require.NoError(t, b.stop())
		require.Equal(t, "one\n\tat a\n\tat b\ntwo\n\tat\n", b.read("out"))
		require.EqualValues(t, 3, b.c.Stats().Lines)

		sink := &notebook{}
		require.NoError(t, os.RemoveAll(b.path(".logcollect")))
		b.start((&Collector{Multiline: indented}).with(sink))
		require.NoError(t, b.stop())
		b.append("a.log", " c\n\tat d\nthree\n")
		b.start(b.c)
		require.NoError(t, b.stop())
		requireItems(t, []item{{"one\n\tat a\n\tat b\n", 0}, {"two\n\tat\n", Ended}, {" c\n\tat d\n", 0}, {"three\n", 0}}, sink.all())
	})
}

func TestMultilineNotified(t *testing.T) {
	b := newBench(t)
	b.append("a.log", "one\n")
	sink := &notebook{}
	c := (&Collector{Multiline: &Multiline{Start: indented.Start, Idle: 30 * time.Millisecond}}).with(sink)
	c.PollOnly, c.PollInterval = false, time.Hour
	b.start(c)
	b.awaitLines(1)
	b.append("a.log", "two\n\tat a\n")
	b.awaitLines(2)
	b.append("a.log", "three\nfour\n")
	b.awaitLines(4)
	require.NoError(t, b.stop())
	requireItems(t, []item{{"one\n", 0}, {"two\n\tat a\n", 0}, {"three\n", 0}, {"four\n", 0}}, sink.all())
}

// An event is held without its file being open.
func TestMultilineOfManyFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for _, name := range strings.Split("abcdefgh", "") {
			b.append(name+".log", name+"\n\tat "+name+"\n")
		}
		sink := &memory{}
		c := (&Collector{Multiline: indented}).with(sink)
		c.MaxOpenFiles = 1
		b.start(c)
		b.awaitLines(8)
		b.append("a.log", "\tat a\n")
		b.rename("b.log", "b.old")
		b.append("b.old", "\tat b\n")
		b.append("c.log", "\tat c\n")
		b.awaitLines(11)
		require.NoError(t, b.stop())
		require.Equal(t, "a\n\tat a\n\tat a\n", sink.of("a.log"))
		require.Equal(t, "b\n\tat b\n\tat b\n", sink.of("b.log"))
	})
}
