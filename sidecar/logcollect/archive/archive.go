// Package archive compresses the files that a logcollect.File has rotated. It is a
// package of its own so that only who uses it links the compression.
//
//	&logcollect.File{Path: "all.log", RotateBytes: 100 << 20, Compress: archive.Zstd{}}
package archive

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Gzip compresses to .gz files. Its zero value is ready to use. It takes about
// 1 MiB of memory while it works.
type Gzip struct {
	// Level is from 1, the fastest, to 9, the smallest. 0: 6; any other: an error.
	Level int
}

// Ext implements logcollect.Compressor.
func (Gzip) Ext() string { return ".gz" }

// NewWriter implements logcollect.Compressor.
func (g Gzip) NewWriter(w io.Writer) (io.WriteCloser, error) {
	switch {
	case g.Level == 0:
		g.Level = 6
	case g.Level < 1 || g.Level > 9:
		return nil, fmt.Errorf("Gzip.Level: %d is not from 1 to 9", g.Level)
	}
	return gzip.NewWriterLevel(w, g.Level)
}

// Zstd compresses to .zst files, faster and smaller than Gzip does. Its zero value
// is ready to use. It takes about 4 MiB of memory while it works, 7 MiB from level 6 on,
// and 38 MiB from level 10 on.
type Zstd struct {
	// Level is from 1, the fastest, to 22, the smallest, as of the zstd command; there
	// are four steps, which begin at 1, 3, 6 and 10. 0: 3; any other: an error.
	Level int
}

// Ext implements logcollect.Compressor.
func (Zstd) Ext() string { return ".zst" }

// NewWriter implements logcollect.Compressor.
func (z Zstd) NewWriter(w io.Writer) (io.WriteCloser, error) {
	switch {
	case z.Level == 0:
		z.Level = 3
	case z.Level < 1 || z.Level > 22:
		return nil, fmt.Errorf("Zstd.Level: %d is not from 1 to 22", z.Level)
	}
	return zstd.NewWriter(w,
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(z.Level)),
		zstd.WithEncoderConcurrency(1), // works in the caller's goroutine, and keeps the memory down
		zstd.WithWindowSize(1<<20))
}
