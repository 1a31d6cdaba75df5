package push

import (
	"bytes"
	"hash/maphash"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A place is where in a batch a request begins.
type place struct {
	chunk  int
	offset int   // in the chunk's lines
	line   int64 // how many lines are before it
}

// A part is the lines of one request.
type part struct {
	lines int
	to    place  // behind them
	path  string // of the first line
	line  []byte // the first one
}

// A try is the delivery of one batch.
type try struct {
	size int // and hash: of the batch, once it has failed
	hash uint64

	base int64 // the time of its reading, in ns
	next place // everything before it was taken
	search
}

var seed = maphash.MakeSeed()

// of notes which batch t is the delivery of.
func (t *try) of(batch logcollect.Batch) *try {
	t.size, t.hash = len(batch.Lines), maphash.Bytes(seed, batch.Lines)
	return t
}

// resume goes on with batch where it failed, with the same times, by which Loki
// knows an entry again; a new one is begun.
func (r *run) resume(batch logcollect.Batch, clock int64) *try {
	t := r.failed
	r.failed = nil
	if t != nil && t.size == len(batch.Lines) && t.hash == maphash.Bytes(seed, batch.Lines) {
		return t
	}
	return &try{base: now(clock)}
}

// encode fills r.raw with the next lines, as many as may be in one request.
func (r *run) encode(batch logcollect.Batch, t *try) part {
	buf := r.enc.open(r.raw[:0])
	at, p := t.next, part{}
	for full := false; !full && at.chunk < len(batch.Chunks); {
		c := batch.Chunks[at.chunk]
		begin, before := len(buf), p.lines
		buf = r.enc.head(buf, c.Path)
		for at.offset < len(c.Lines) {
			if full = t.most > 0 && p.lines == t.most; full {
				break
			}
			line := firstLine(c.Lines[at.offset:])
			end := len(buf)
			buf = r.enc.line(buf, r.record(c.Path, trimEnd(line), t.base+at.line))
			if full = p.lines > 0 && len(buf)+r.enc.rest() > r.limit; full {
				buf = buf[:end]
				r.enc.undo()
				break
			}
			if p.lines == 0 {
				p.path, p.line = c.Path, line
			}
			p.lines++
			at.offset += len(line)
			at.line++
		}
		if p.lines > before {
			buf = r.enc.foot(buf, begin)
		} else {
			buf = buf[:begin]
		}
		if !full {
			at.chunk, at.offset = at.chunk+1, 0
		}
	}
	p.to = at
	r.raw = r.enc.close(buf)
	return p
}

func firstLine(lines []byte) []byte {
	if end := bytes.IndexByte(lines, '\n'); end >= 0 {
		return lines[:end+1]
	}
	return lines
}

// trimEnd cuts off the newline, or CR and newline.
func trimEnd(line []byte) []byte {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if ended {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	return text
}
