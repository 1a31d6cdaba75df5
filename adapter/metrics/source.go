package metrics

import (
	"context"
	"io"
)

// A Source knows metrics.
type Source interface {
	// Collect adds to b what there is now. With an error what was added counts
	// for nothing. It must return soon after ctx ends. Calls of one source never
	// overlap. Files and connections are those of the sandbox that ctx carries.
	//
	// A source has a name, the label of its up: what its method String() string
	// returns, or what Named gives it.
	Collect(ctx context.Context, b *Batch) error
}

// Func makes an ordinary function a Source. It needs a name: see [Named].
type Func func(ctx context.Context, b *Batch) error

// Collect calls f(ctx, b).
func (f Func) Collect(ctx context.Context, b *Batch) error { return f(ctx, b) }

// A Runner is a Source that has to run, as one that listens. An Exporter runs
// it for as long as it adapts.
type Runner interface {
	Source
	// Run returns nil or ctx's error when ctx is done. If it returns before, the
	// Exporter ends with its error.
	Run(ctx context.Context) error
}

// A Validator is a Source that knows what is wrong with its fields. An Exporter
// asks it before it begins.
type Validator interface {
	// Validate returns all that is wrong, in one error.
	Validate() error
}

// A Format writes batches.
type Format interface {
	// ContentType is that of HTTP.
	ContentType() string
	// Write writes all of b, in the order that it has, in pieces of bounded size.
	Write(w io.Writer, b *Batch) error
}
