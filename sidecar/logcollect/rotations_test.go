package logcollect

import (
	"fmt"
	"os"

	"github.com/stretchr/testify/require"
)

const log = "logs/access.log"

// A rotation is what happens to a log, and what is delivered of it.
type rotation struct {
	name    string
	include []string // nil: the log alone
	do      func(b *bench, sink *memory)
	want    string
	stats   Stats // Rotations, Truncations, PartialLines, HoleBytes
}

var rotations = []rotation{{
	name: "renamed",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.rename(log, log+".1")
		b.append(log+".1", lines(20, 30)) // the writer has it open still
		b.append(log, lines(30, 40))
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name: "renamed, the new one much later",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.rename(log, log+".1")
		b.append(log+".1", lines(10, 20))
		b.awaitLines(20)
		b.append(log, lines(20, 30))
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}, {
	name: "renamed three times at once",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		for i := range 3 {
			for j := i; j > 0; j-- {
				b.rename(log+"."+string(rune('0'+j)), log+"."+string(rune('1'+j)))
			}
			b.rename(log, log+".1")
			b.append(log, lines(20+10*i, 30+10*i))
		}
		b.awaitLines(50)
	},
	want: lines(0, 50), stats: Stats{Rotations: 3},
}, {
	name: "renamed and removed while the sink blocks",
	do: func(b *bench, sink *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		sink.block()
		for i := 1; i < 5; i++ {
			b.append(log, lines(10*i, 10*i+10))
			b.await("seen", func() bool { return b.c.Stats().Lag == int64(len(lines(10, 10*i+10))) })
			b.rename(log, log+".1") // over the one before, which is gone then
		}
		b.remove(log + ".1")
		sink.unblock()
		b.awaitLines(50)
	},
	want: lines(0, 50), stats: Stats{Rotations: 3},
}, {
	name:    "renamed within the pattern",
	include: []string{log + "*"},
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.rename(log, log+".1")
		b.append(log, lines(20, 30))
		b.awaitLines(30)
		b.again(func() {
			b.append(log, lines(30, 40))
			b.rename(log+".1", log+".2")
			b.rename(log, log+".1")
			b.append(log, lines(40, 50))
		})
		b.awaitLines(50)
	},
	want: lines(0, 50), stats: Stats{Rotations: 2},
}, {
	name: "removed and made anew",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.remove(log)
		b.append(log, lines(20, 40))
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name: "copied and truncated",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log+".1", lines(0, 10))
		b.truncate(log)
		b.append(log, lines(10, 15))
		b.awaitLines(15)
	},
	want: lines(0, 15), stats: Stats{Truncations: 1},
}, {
	name: "truncated and written to the same size",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.truncate(log)
		b.append(log, lines(10, 20))
		b.awaitLines(20)
	},
	want: lines(0, 20), stats: Stats{Truncations: 1},
}, {
	name: "truncated and written to more",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.truncate(log)
		b.append(log, lines(10, 50))
		b.awaitLines(50)
	},
	want: lines(0, 50), stats: Stats{Truncations: 1},
}, {
	name: "renamed while stopped",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.again(func() {
			b.append(log, lines(10, 20))
			b.rename(log, log+".1")
			b.append(log, lines(20, 30))
		})
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}, {
	name: "renamed three times while stopped",
	do: func(b *bench, _ *memory) {
		b.append("logs/access.log.9", "not of this\n") // older
		b.append(log, lines(0, 10))
		b.append("logs/access.logger", "nor this\n")
		b.awaitLines(10)
		b.again(func() {
			b.append(log, lines(10, 20))
			b.rename(log, log+"-3")
			b.append(log, lines(20, 30))
			b.rename(log, log+"-2")
			b.append(log, lines(30, 40))
			b.rename(log, log+"-1")
			b.append(log+".gz", "packed\n")
			b.append(log, lines(40, 50))
		})
		b.awaitLines(50)
	},
	want: lines(0, 50), stats: Stats{Rotations: 3},
}, {
	name: "renamed within a tick of the filesystem's clock, counting up", // while stopped
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.rename(log, log+".1")
		b.append(log, lines(10, 20))
		b.awaitLines(20)
		b.again(func() {
			for i := 2; i < 20; i++ {
				b.rename(log, fmt.Sprintf("%s.%d", log, i))
				// Unlike append this asks for no time, which would make the clock go on.
				require.NoError(b, os.WriteFile(b.path(log), []byte(lines(10*i, 10*i+10)), 0o644))
			}
		})
		b.awaitLines(200)
	},
	want: lines(0, 200), stats: Stats{Rotations: 19},
}, {
	name: "truncated while stopped",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.again(func() {
			b.truncate(log)
			b.append(log, lines(10, 30))
		})
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Truncations: 1},
}, {
	name: "removed and made anew while stopped",
	do: func(b *bench, _ *memory) {
		b.append(log, "the same\n")
		b.awaitLines(1)
		b.again(func() {
			b.remove(log)
			b.append(log, "the same\nand more\n")
		})
		b.awaitLines(3)
	},
	want: "the same\nthe same\nand more\n", stats: Stats{Rotations: 1}, // whether or not it is given the inode
}, {
	name: "ended without a newline, and renamed",
	do: func(b *bench, _ *memory) {
		b.append(log, "first\nhalf")
		b.awaitLines(1)
		b.rename(log, log+".1")
		b.append(log, "second\n")
		b.awaitLines(3)
	},
	want: "first\nhalf\nsecond\n", stats: Stats{Rotations: 1, PartialLines: 1},
}, {
	name:    "a link to another file",
	include: []string{"current"},
	do: func(b *bench, _ *memory) {
		b.append("a.log", lines(0, 10))
		require.NoError(b, os.Symlink("a.log", b.path("current")))
		b.awaitLines(10)
		b.append("a.log", lines(10, 20))
		b.append("b.log", lines(20, 30))
		require.NoError(b, os.Symlink("b.log", b.path("current.new")))
		b.rename("current.new", "current")
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}}
