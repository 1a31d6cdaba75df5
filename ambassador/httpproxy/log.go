package httpproxy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
)

// Log has a record of each request written. &Log{} is one of all, at the level
// Info: method, host, path, proto, status, took, in, out (bytes of the bodies), client,
// route, part, endpoint, trace, tries, upstream (the time that it took), own (the
// answer is the proxy's), err; those that do not apply are left out. The query is
// not in it, as secrets are, and only those fields of the header that are asked for.
type Log struct {
	// Logger is what writes. nil: the container's, of the sandbox.
	Logger *slog.Logger

	// Level is that of the records. The zero value is slog.LevelInfo.
	Level slog.Level

	// Share is how many of the requests are logged, from 0 to 1, chosen by chance.
	// One that fails, that is without a whole answer or with a status of 500 and
	// above, always is. 0: all; negative: only those that fail; more than 1, or no
	// number: an error.
	Share float64

	// Headers are the names of fields of the request that are in the record, as
	// "header.User-Agent", if it has them. nil: none.
	Headers []string
}

// wants tells whether r is to be logged.
func (l *Log) wants(r *Record) bool {
	share := cmp.Or(l.Share, 1)
	return r.failed() || share >= 1 || share > 0 && rand.Float64() < share
}

// write logs r.
func (l *Log) write(ctx context.Context, to *slog.Logger, r *Record, h fields) {
	if l.Logger != nil {
		to = l.Logger
	}
	if !to.Enabled(ctx, l.Level) || !l.wants(r) {
		return
	}
	attrs := make([]slog.Attr, 0, 20)
	r.attrs(func(a ...slog.Attr) { attrs = append(attrs, a...) })
	for _, name := range l.Headers {
		if h.has(name) {
			attrs = append(attrs, slog.String("header."+name, h.join(name)))
		}
	}
	to.LogAttrs(ctx, l.Level, "request", attrs...)
}

// validate returns what is wrong with l's fields.
func (l *Log) validate() error {
	if l == nil {
		return nil
	}
	if !(l.Share <= 1) {
		return fmt.Errorf("Share: %v is not a share of up to 1", l.Share)
	}
	for _, name := range l.Headers {
		if !isToken(name) {
			return fmt.Errorf("Headers: %q is no name of a field", name)
		}
	}
	return nil
}
