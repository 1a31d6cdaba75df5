package logcollect

import (
	"bytes"
	"context"
	"iter"
)

// A Sink takes the lines that a [Collector] collects.
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
// line. The lines of a file are in their order.
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
	Count int    // the number of lines

	// Cut says that the last line's newline is not in the file, because the line
	// is longer than MaxLineBytes and goes on in the next chunk of the file, or
	// because the file ends without one.
	Cut bool
}

// All yields each line, its newline included, with the path of its file.
func (b Batch) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, c := range b.Chunks {
			for line := range bytes.Lines(c.Lines) {
				if !yield(c.Path, line) {
					return
				}
			}
		}
	}
}
