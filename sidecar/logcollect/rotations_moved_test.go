package logcollect

import (
	"os"

	"github.com/stretchr/testify/require"
)

// Files that are compressed, moved away or replaced.
var moves = []rotation{{
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
