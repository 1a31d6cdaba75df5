package logcollect

import (
	"bytes"
	"hash/crc64"
	"slices"
)

// guardSize is how many bytes before the offset tell whether a file is still the
// one that was read up to there.
const guardSize = 64

// batchSize is what a batch holds, unless it is of one longer line or event.
const batchSize = 1 << 20

// minRoom is how much room a batch must have for one more file to be read into it.
const minRoom = 16 << 10

// maxChunks bounds the memory for the chunks and parts of a batch.
const maxChunks = 4096

// maxDrops bounds how long the reader is busy with what is not delivered.
const maxDrops = 16 << 20

// A batch is on its way to the sink, with the state of its files behind it.
type batch struct {
	Batch
	buf   []byte // guardSize bytes of headroom, the lines, and room
	n     int    // where the room begins
	parts []part // one behind another, each of one Chunk or more, or of what was dropped
	ends  []int  // of the Chunks, one behind another
	drops int    // bytes that were read and dropped

	added   []progress // files to be remembered before the lines are delivered
	removed []fileID   // files to be remembered no more
	final   bool       // of lines that may go on in the next run
}

// A part is what a batch has of one file.
type part struct {
	src   *source
	bytes int64    // of the file
	after progress // of the file, when they are delivered; known when the batch is handed over
}

func newBatch() *batch {
	b := &batch{buf: make([]byte, guardSize+batchSize+1)} // 1 for a newline that is added
	b.reset()
	return b
}

func (b *batch) reset() {
	b.n = guardSize
	b.Lines, b.Chunks, b.parts, b.ends = nil, b.Chunks[:0], b.parts[:0], b.ends[:0]
	b.added, b.removed, b.final, b.drops = nil, nil, false, 0
}

func (b *batch) empty() bool { return b.n == guardSize }

// idle tells whether there is nothing to hand over.
func (b *batch) idle() bool { return len(b.parts) == 0 && len(b.added) == 0 && len(b.removed) == 0 }

// has tells whether something of src is in it.
func (b *batch) has(src *source) bool {
	return slices.ContainsFunc(b.parts, func(p part) bool { return p.src == src })
}

// room is how many bytes may be read, so that one is left for a newline.
func (b *batch) room() int { return len(b.buf) - b.n - 1 }

// full tells whether the batch must be handed over before more is read into it.
func (b *batch) full() bool {
	return !b.empty() && b.room() < minRoom || b.drops >= maxDrops ||
		len(b.Chunks) >= maxChunks || len(b.parts) >= maxChunks || len(b.ends) >= maxEvents
}

// space is where to read what follows s, and how much. Where its lines are being
// split there is a gap before it, for the newlines that are added.
func (b *batch) space(s *source, limit int) (at, n int) {
	at, n = b.n, b.room()
	if s.long {
		gap := n/(limit+1) + 1
		at, n = at+gap, n-gap
	}
	return at, n
}

// grow makes an empty batch larger, so that up to n bytes can be read, for a line
// that it had no room for.
func (b *batch) grow(n int) {
	n += 4 // the newline that is added, and a gap
	b.buf = make([]byte, min(2*len(b.buf), guardSize+max(n, batchSize)))
}

// add takes data, which lies in the room, as whole lines of src. Where the last
// one has no newline it adds one.
func (b *batch) add(src *source, data []byte, f *framing, cut Cut) {
	last := len(b.Chunks) - 1
	p, same := b.part(src)
	if !same || last < 0 || b.Chunks[last].Cut != Whole {
		b.Chunks = append(b.Chunks, Chunk{Path: src.path})
		last++
	}
	c := &b.Chunks[last]
	begin := b.n - len(c.Lines)
	old := b.n
	if f.start == nil {
		b.n += f.copy(b.buf[b.n:], data)
	} else {
		from := 0
		for _, to := range f.ends {
			b.n += f.copy(b.buf[b.n:], data[from:to])
			b.ends = append(b.ends, b.n-begin)
			from = to
		}
	}
	if !endsLine(data) {
		b.buf[b.n] = '\n'
		b.n++
		if f.start != nil {
			b.ends[len(b.ends)-1]++
		}
	}
	if f.start == nil {
		c.Count += bytes.Count(b.buf[old:b.n], newline)
	} else {
		c.Count += len(f.ends)
		c.Ends = b.ends[len(b.ends)-c.Count : len(b.ends) : len(b.ends)]
	}
	c.Lines, c.Cut = b.buf[begin:b.n:b.n], cut
	p.bytes += int64(len(data))
	b.Lines = b.buf[guardSize:b.n:b.n]
}

// part returns the part of src that is the last one, and whether it was already.
func (b *batch) part(src *source) (p *part, same bool) {
	last := len(b.parts) - 1
	if last >= 0 && b.parts[last].src == src {
		return &b.parts[last], true
	}
	b.parts = append(b.parts, part{src: src})
	return &b.parts[last+1], false
}

// seal notes where the files are, from which nothing more comes into the batch.
func (b *batch) seal() {
	for i := range b.parts {
		b.parts[i].after = b.parts[i].src.progress()
	}
}

func endsLine(data []byte) bool { return data[len(data)-1] == '\n' }

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
