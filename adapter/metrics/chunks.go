package metrics

import "io"

// Pieces are written when they have reached chunkSize. What one point needs above
// that is kept for the next use up to chunkKept.
const (
	chunkSize = 48 << 10
	chunkKept = 256 << 10
)

// chunks collects text and writes it in pieces.
type chunks struct {
	w   io.Writer
	out []byte
	err error  // of w; nothing is written after it
	key []byte // for look-ups
}

func (c *chunks) begin(w io.Writer) {
	if cap(c.out) == 0 || cap(c.out) > chunkKept {
		c.out = make([]byte, 0, chunkSize+16<<10)
	}
	c.w, c.out, c.err = w, c.out[:0], nil
}

// full writes what there is if that is enough.
func (c *chunks) full() {
	if len(c.out) >= chunkSize {
		c.flush()
	}
}

func (c *chunks) flush() {
	if c.err == nil && len(c.out) > 0 {
		_, c.err = c.w.Write(c.out)
	}
	c.out = c.out[:0]
}

func (c *chunks) end() error {
	c.flush()
	c.w = nil
	return c.err
}
