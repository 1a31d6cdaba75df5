package logcollect

import (
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
}, {
	name:    "compressed right after, within the pattern",
	include: []string{log + "*"},
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.rename(log, log+".1")
		b.append(log, lines(20, 30))
		b.compress(log + ".1")
		b.awaitLines(30)
		b.again(func() { b.append(log, lines(30, 40)) })
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name: "compressed while the sink blocks",
	do: func(b *bench, sink *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		sink.block()
		b.append(log, lines(10, 20))
		b.await("seen", func() bool { return b.c.Stats().Lag == int64(len(lines(10, 20))) })
		b.rename(log, log+".1")
		b.append(log, lines(20, 30))
		b.compress(log + ".1")
		sink.unblock()
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}, {
	name: "moved to another directory",
	do: func(b *bench, _ *memory) {
		require.NoError(b, os.Mkdir(b.path("old"), 0o755))
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.rename(log, "old/access.log")
		b.append("old/access.log", lines(20, 30)) // the writer has it open still
		b.append(log, lines(30, 40))
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name: "replaced by another file's renaming",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.append("logs/new", lines(20, 30))
		b.rename("logs/new", log)
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}, {
	name: "truncated under a writer that does not append",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 500))
		b.awaitLines(500)
		b.truncate(log)
		b.writeAt(log, lines(0, 500), lines(500, 510)+"\x00 is kept\nas is \x00\x00 this\n")
		b.awaitLines(512)
		b.append(log, "\x00\x00\n")
		b.awaitLines(513)
	},
	want:  lines(0, 510) + "\x00 is kept\nas is \x00\x00 this\n\x00\x00\n",
	stats: Stats{Truncations: 1, HoleBytes: int64(len(lines(0, 500)))},
}, {
	name: "truncated early under a writer that does not append",
	do: func(b *bench, _ *memory) {
		b.append(log, "tiny\n")
		b.awaitLines(1)
		b.truncate(log)
		b.writeAt(log, "tiny\n", "more\n")
		b.awaitLines(2)
	},
	want: "tiny\nmore\n", stats: Stats{Truncations: 1, HoleBytes: 5},
}, {
	name: "truncated and begun with a NUL",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.truncate(log)
		b.append(log, "\x00\x00 these are written\n")
		b.awaitLines(11)
	},
	want: lines(0, 10) + "\x00\x00 these are written\n", stats: Stats{Truncations: 1},
}, {
	name: "truncated early and stopped under a writer that does not append",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.truncate(log)
		b.await("begun again", func() bool { return b.c.Stats().Truncations == 1 })
		b.again(func() { b.writeAt(log, lines(0, 10), lines(10, 20)) })
		b.awaitLines(20)
	},
	want: lines(0, 20), stats: Stats{Truncations: 1, HoleBytes: int64(len(lines(0, 10)))},
}, {
	name: "truncated while stopped under a writer that does not append",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 500))
		b.awaitLines(500)
		b.again(func() {
			b.truncate(log)
			b.writeAt(log, lines(0, 500), lines(500, 510))
		})
		b.awaitLines(510)
	},
	want: lines(0, 510), stats: Stats{Truncations: 1, HoleBytes: int64(len(lines(0, 500)))},
}, {
	name:    "a link to another directory",
	include: []string{"logs/*.log"},
	do: func(b *bench, sink *memory) {
		b.append("logs/..1/access.log", lines(0, 10))
		b.link("..1", "logs/..data")
		b.link("..data/access.log", log)
		b.awaitLines(10)
		sink.block()
		b.append("logs/..1/access.log", lines(10, 20))
		b.await("seen", func() bool { return b.c.Stats().Lag == int64(len(lines(10, 20))) })
		b.append("logs/..2/access.log", lines(20, 30))
		b.link("..2", "logs/..new")
		b.rename("logs/..new", "logs/..data")
		sink.unblock()
		b.awaitLines(30)
		require.NoError(b, os.RemoveAll(b.path("logs/..1")))
		b.append("logs/..2/access.log", lines(30, 40))
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name:    "a link to another directory while stopped",
	include: []string{"current"},
	do: func(b *bench, _ *memory) {
		b.append("1/a.log", lines(0, 10))
		b.link("1/a.log", "current")
		b.awaitLines(10)
		b.again(func() {
			b.append("1/a.log", lines(10, 20))
			b.rename("1/a.log", "1/a.log.1")
			b.append("2/a.log", lines(20, 30))
			b.remove("current")
			b.link("2/a.log", "current")
		})
		b.awaitLines(30)
	},
	want: lines(0, 30), stats: Stats{Rotations: 1},
}, {
	name:    "rotated behind an absolute link",
	include: []string{"containers/*.log"},
	do: func(b *bench, _ *memory) {
		b.append("pods/uid/web/0.log", lines(0, 10))
		require.NoError(b, os.Mkdir(b.path("containers"), 0o755))
		b.link(b.path("pods/uid/web/0.log"), "containers/web.log")
		b.awaitLines(10)
		for i := range 3 {
			b.append("pods/uid/web/0.log", lines(10+20*i, 20+20*i))
			b.rename("pods/uid/web/0.log", "pods/uid/web/0.log.20260101-00000"+string(rune('0'+i)))
			b.append("pods/uid/web/0.log", lines(20+20*i, 30+20*i))
		}
		b.awaitLines(70)
		b.again(func() {
			b.append("pods/uid/web/0.log", lines(70, 80))
			b.rename("pods/uid/web/0.log", "pods/uid/web/0.log.20260101-000009")
			b.append("pods/uid/web/0.log", lines(80, 90))
		})
		b.awaitLines(90)
	},
	want: lines(0, 90), stats: Stats{Rotations: 4},
}, {
	name: "the directory goes away and comes back",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.rename("logs", "away")
		b.append("away/access.log", lines(10, 20))
		b.awaitLines(20)
		b.rename("away", "logs")
		b.append(log, lines(20, 30))
		b.awaitLines(30)
		b.again(func() { b.rename("logs", "away") })
		b.again(func() {
			b.rename("away", "logs")
			b.append(log, lines(30, 40))
		})
		b.awaitLines(40)
	},
	want: lines(0, 40),
}, {
	name: "the directory is replaced",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log, lines(10, 20))
		b.rename("logs", "away")
		b.append(log, lines(20, 30))
		b.awaitLines(30)
		b.append(log, lines(30, 40))
		b.awaitLines(40)
	},
	want: lines(0, 40), stats: Stats{Rotations: 1},
}, {
	name: "compressed while stopped",
	do: func(b *bench, _ *memory) {
		b.append(log, lines(0, 10))
		b.awaitLines(10)
		b.append(log+".7", lines(0, 9)+"older\n")
		b.compress(log + ".7")
		b.append(log+".8", "much older\n")
		b.compress(log + ".8")
		b.append(log+".9.gz", "not compressed\n")
		b.again(func() {
			b.append(log, lines(10, 5000))
			b.rename(log, log+".1")
			b.compress(log + ".1")
			b.append(log, lines(5000, 5010))
		})
		b.awaitLines(5010)
	},
	want: lines(0, 5010), stats: Stats{Rotations: 1},
}}
