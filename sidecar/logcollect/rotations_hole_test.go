package logcollect

// Writers that do not append, under a truncation.
var holes = []rotation{{
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
}}
