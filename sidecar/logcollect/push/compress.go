package push

import (
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// Compression is how requests are compressed.
type Compression string

const (
	None   Compression = "none"   // not at all
	Gzip   Compression = "gzip"   // all servers for [OTLP] and [Loki].JSON take it
	Zstd   Compression = "zstd"   // smaller with less CPU time; for [OTLP] the OpenTelemetry Collector takes it
	Snappy Compression = "snappy" // the only one of [Loki] with protobuf, and of nothing else
)

// A packer compresses one request after another.
type packer struct {
	by   Compression
	out  output
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

// output is what a compressor writes to.
type output []byte

func (o *output) Write(p []byte) (int, error) {
	*o = append(*o, p...)
	return len(p), nil
}

// pack returns raw compressed, which is valid until the next call, and its
// Content-Encoding.
func (p *packer) pack(raw []byte) (packed []byte, encoding string, err error) {
	switch p.by {
	case Gzip:
		if p.gzip == nil {
			p.gzip = gzip.NewWriter(nil)
		}
		p.out = p.out[:0]
		p.gzip.Reset(&p.out)
		if _, err = p.gzip.Write(raw); err == nil {
			err = p.gzip.Close()
		}
		return p.out, "gzip", err
	case Zstd:
		if p.zstd == nil {
			p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
			if err != nil {
				return nil, "", err
			}
		}
		p.out = p.zstd.EncodeAll(raw, p.out[:0])
		return p.out, "zstd", nil
	case Snappy: // Loki does not want it to be said
		p.out = snappy.Encode(p.out[:cap(p.out)], raw)
		return p.out, "", nil
	}
	return raw, "", nil
}
