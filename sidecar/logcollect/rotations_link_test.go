package logcollect

import (
	"os"

	"github.com/stretchr/testify/require"
)

// Links, and directories that change.
var retargets = []rotation{{
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
}}
