package logcollect

import (
	"bytes"
	"context"
	"iter"
)

// A Sink takes the lines that a [Collector] collects. [To] and [File] are Sinks, and
// package push has one for servers.
//
// One with a method Validate() error is asked at the start of each run whether its
// fields are right. What it returns is in the error of Run, and nothing is read.
type Sink interface {
	// Write takes batch. nil means that all of it is where it will not be lost:
	// the checkpoint moves on. After an error nothing of it counts as taken, and
	// the same batch is written again a little later, before any other.
	//
	// Write is called by one goroutine, never twice at once. ctx ends when there
	// is no time left, and Write must return soon then. The batch and its bytes are
	// the Collector's: they must not be changed, and not be kept after the return.
	// A Write that panics has failed.
	Write(ctx context.Context, batch Batch) error
}

// A Batch is whole lines of one or more files, up to about 1 MiB, or one longer
// line or event. The lines of a file are in their order.
type Batch struct {
	Lines  []byte  // all the lines, each with its newline, without a gap
	Chunks []Chunk // the same bytes by file, in the order in which they stand in Lines
}

// A Chunk is those lines of a [Batch] that stand together and come from one file.
type Chunk struct {
	// Path is the file's, relative to the root, with slashes. It stays the same
	// after a rotation by renaming: it names the log and not the generation.
	Path string

	Lines []byte // as in the file, each with its newline
	Count int    // the number of lines; with Multiline of events

	// Ends are, with Multiline, the offsets in Lines behind each event. nil: every
	// newline ends a line.
	Ends []int

	Cut Cut // whether the last line, with Multiline the last event, is all of it
}

// A Cut says whether the last line of a [Chunk], with Multiline its last event, is
// all of it, and why not. With Split and Ended its last newline is not in the file,
// nor with Truncated if it was within a line.
type Cut uint8

// What a Cut may be.
const (
	Whole     Cut = iota // all of it
	Split                // longer than MaxLineBytes: the line goes on in the next chunk of the file
	Parted               // longer than MaxLineBytes: the event goes on in the next chunk of the file, with its next line
	Truncated            // longer than MaxLineBytes: the rest is dropped
	Ended                // the file has ended without a newline
)

// All yields each line, its newline included; with Multiline each event.
func (c Chunk) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) { c.each(yield) }
}

// All yields each line, its newline included, with the path of its file; with
// Multiline each event.
func (b Batch) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := range b.Chunks {
			c := &b.Chunks[i]
			if !c.each(func(line []byte) bool { return yield(c.Path, line) }) {
				return
			}
		}
	}
}

// each tells whether yield has wanted all.
func (c *Chunk) each(yield func([]byte) bool) bool {
	from := 0
	for i := 0; from < len(c.Lines); i++ {
		to := len(c.Lines)
		if c.Ends != nil {
			to = c.Ends[i]
		} else if n := bytes.IndexByte(c.Lines[from:], '\n'); n >= 0 {
			to = from + n + 1
		}
		if !yield(c.Lines[from:to:to]) {
			return false
		}
		from = to
	}
	return true
}
