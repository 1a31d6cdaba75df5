package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// DefaultMaxLine is how long a line may be where a [Reader] states nothing.
const DefaultMaxLine = 1 << 20

// A Reader reads Prometheus' text formats. It remembers the series and families
// that it has seen, so that reading the same ones again costs next to no memory:
// about 500 bytes a series, of which those are forgotten that do not come any more.
// The zero value is ready to use. It must not be copied, and is for one goroutine
// at a time.
type Reader struct {
	// Strict refuses in text 0.0.4 what the format does not allow and readers take
	// all the same, as a family in several places, a series twice, a distribution
	// whose buckets do not add up, and names of types in capitals. OpenMetrics is
	// always read strictly.
	Strict bool

	// MaxLine is how many bytes a line may have. 0: DefaultMaxLine; negative: an
	// error.
	MaxLine int

	// Labels are added to each series that has none of their names. Nil: none.
	Labels *metrics.Labels

	lines    lines
	interned interned
	families families
	open     openState
	strict   strictState
	help     []byte
}

// Text adds to b what src has in Prometheus' text format 0.0.4. After an error b
// may have a part of it.
//
// A distribution that the model has not, as one whose buckets fall, becomes
// families of plain values, its samples, unless Strict is set.
func (r *Reader) Text(src io.Reader, b *metrics.Batch) error {
	return r.read(src, b, grammar{}, r.textLine, r.textEnd)
}

// OpenMetrics adds to b what src has in OpenMetrics 1.0. After an error b may have
// a part of it.
func (r *Reader) OpenMetrics(src io.Reader, b *metrics.Batch) error {
	r.open.begin()
	return r.read(src, b, grammar{open: true}, r.openLine, r.openEnd)
}

// shown is how many bytes of a line an error has.
const shown = 100

func (r *Reader) read(src io.Reader, b *metrics.Batch, g grammar, line func([]byte, bool) error, end func() error) error {
	if r.MaxLine < 0 {
		return fmt.Errorf("MaxLine: %d is negative", r.MaxLine)
	}
	r.lines.begin(src, cmp.Or(r.MaxLine, DefaultMaxLine))
	defer r.lines.end()
	r.interned.begin(g, r.Labels)
	r.families.begin(b)
	r.strict.begin()
	err := r.all(line)
	if err == nil {
		err = end()
	}
	if err != nil {
		r.interned = interned{} // it may be anything
		return err
	}
	for _, of := range r.families.order {
		of.describe()
		of.out = nil
	}
	r.interned.sweep(r.families.reading)
	return b.Err()
}

func (r *Reader) all(each func([]byte, bool) error) error {
	for {
		line, whole, err := r.lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(line, whole); err != nil {
			return r.where(line, err)
		}
	}
}

func (r *Reader) where(line []byte, err error) error {
	if errors.Is(err, errFull) {
		return err
	}
	cut := ""
	if len(line) > shown {
		line, cut = line[:shown], "…"
	}
	return fmt.Errorf("line %d: %w: %q%s", r.lines.line, err, line, cut)
}

// errFull wraps what a Batch says that takes no more.
var errFull = errors.New("too much")

func (r *Reader) full() error {
	if err := r.families.b.Err(); err != nil {
		return fmt.Errorf("%w: %w", errFull, err)
	}
	return nil
}
