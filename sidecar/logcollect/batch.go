package logcollect

import (
	"bytes"
	"hash/crc64"
	"slices"
)

// guardSize is how many bytes before the offset tell whether a file is still the
// one that was read up to there.
const guardSize = 64

// batchSize is what a batch holds, unless it is of one longer line.
const batchSize = 1 << 20

// minRoom is how much room a batch must have for one more file to be read into it.
const minRoom = 16 << 10

// A batch is on its way to the sink, with the state of its files behind it.
type batch struct {
	Batch
	buf   []byte // guardSize bytes of headroom, the lines, and room
	n     int    // where the room begins
	parts []part // as Chunks

	added   []progress // files to be remembered before the lines are delivered
	removed []fileID   // files to be remembered no more
	final   bool       // of lines that may go on in the next run
}

// A part is what a batch has of one file.
type part struct {
	src   *source
	bytes int64    // of the file
	after progress // of the file, when they are delivered
}

func newBatch() *batch {
	b := &batch{buf: make([]byte, guardSize+batchSize+1)} // 1 for a newline that is added
	b.reset()
	return b
}

func (b *batch) reset() {
	b.n = guardSize
	b.Lines, b.Chunks, b.parts = nil, b.Chunks[:0], b.parts[:0]
	b.added, b.removed, b.final = nil, nil, false
}

func (b *batch) empty() bool { return b.n == guardSize }

// idle tells whether there is nothing to hand over.
func (b *batch) idle() bool { return b.empty() && len(b.added) == 0 && len(b.removed) == 0 }

// has tells whether something of src is in it.
func (b *batch) has(src *source) bool {
	return slices.ContainsFunc(b.parts, func(p part) bool { return p.src == src })
}

// room is how many bytes may be read, so that one is left for a newline.
func (b *batch) room() int { return len(b.buf) - b.n - 1 }

// grow makes an empty batch larger, for a line that it had no room for.
func (b *batch) grow(limit int) {
	b.buf = make([]byte, min(2*len(b.buf), max(limit, batchSize)+1+guardSize+1))
}

// add takes the n bytes behind the lines as whole lines of src, after
// which its state is as given. With cut it adds the last newline.
func (b *batch) add(src *source, n int, cut bool, after progress) {
	end := b.n + n
	if cut {
		b.buf[end] = '\n'
		end++
	}
	lines := b.buf[b.n:end:end]
	count := bytes.Count(lines, newline)
	last := len(b.parts) - 1
	if last >= 0 && b.parts[last].src == src && !b.Chunks[last].Cut {
		c := &b.Chunks[last]
		c.Lines = b.buf[b.n-len(c.Lines) : end : end]
		c.Count += count
		c.Cut = cut
		b.parts[last].bytes += int64(n)
		b.parts[last].after = after
	} else {
		b.Chunks = append(b.Chunks, Chunk{Path: src.path, Lines: lines, Count: count, Cut: cut})
		b.parts = append(b.parts, part{src, int64(n), after})
	}
	b.n = end
	b.Lines = b.buf[guardSize:end:end]
}

var newline = []byte("\n")

var guardTable = crc64.MakeTable(crc64.ECMA)

// A guard is the last bytes of a file before an offset, at most guardSize.
type guard struct {
	n     int
	bytes [guardSize]byte // the last n
}

func (g *guard) get() []byte { return g.bytes[guardSize-g.n:] }

func (g *guard) sum() uint64 { return crc64.Checksum(g.get(), guardTable) }

// append moves the offset behind p, which follows.
func (g *guard) append(p []byte) {
	if len(p) >= guardSize {
		copy(g.bytes[:], p[len(p)-guardSize:])
		g.n = guardSize
		return
	}
	copy(g.bytes[:], g.bytes[len(p):])
	copy(g.bytes[guardSize-len(p):], p)
	g.n = min(guardSize, g.n+len(p))
}
