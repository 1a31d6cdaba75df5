package metrics

import (
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// An encoder is a pooled writer of compressed text.
type encoder interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// An encoding is one that Accept-Encoding may ask for. At the lowest level, because
// text that says the same again and again gets small all the same, and writing it
// costs more than all else in a scrape.
type encoding struct {
	name string
	pool sync.Pool
}

var encodings = []*encoding{
	{name: "zstd", pool: sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
		if err != nil {
			panic(err) // of constants
		}
		return encoder(e)
	}}},
	{name: "gzip", pool: sync.Pool{New: func() any {
		e, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // of constants
		}
		return encoder(e)
	}}},
}

// encodingOf returns what accept wants most; nil is none, which nothing forbids.
func encodingOf(accept []string) *encoding {
	var best *encoding
	bestQ, identity := 0.0, -1.0
	rest := -1.0 // of *
	all := offers(accept)
	for _, o := range all {
		switch o.value {
		case "identity":
			identity = o.q
		case "*":
			rest = o.q
		}
	}
	for _, e := range encodings {
		q := rest
		if i := slices.IndexFunc(all, func(o offer) bool { return o.value == e.name }); i >= 0 {
			q = all[i].q
		}
		if q > bestQ {
			best, bestQ = e, q
		}
	}
	if best != nil && identity > bestQ {
		return nil
	}
	return best
}

// write writes b compressed; without an encoding as it is.
func (e *encoding) write(w io.Writer, f Format, b *Batch) error {
	if e == nil {
		return f.Write(w, b)
	}
	enc := e.pool.Get().(encoder)
	enc.Reset(w)
	err := f.Write(enc, b)
	if closed := enc.Close(); err == nil {
		err = closed
	}
	enc.Reset(nil) // of a w that failed nothing is to stay
	e.pool.Put(enc)
	return err
}
