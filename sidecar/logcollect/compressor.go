package logcollect

import (
	"errors"
	"fmt"
	"io"
)

// A Compressor compresses the files that a [File] has rotated.
type Compressor interface {
	// Ext is what the name of a compressed file ends with: a dot and up to 16 small
	// letters and digits, as in ".gz".
	Ext() string

	// NewWriter returns a writer that compresses to w, and has written all when its
	// Close has returned. It does not close w.
	NewWriter(w io.Writer) (io.WriteCloser, error)
}

// checkCompressor tells at once what would go wrong later.
func checkCompressor(c Compressor) error {
	if c == nil {
		return nil
	}
	err := guardedCompressor(func() error {
		if !isExt(c.Ext()) {
			return fmt.Errorf("its Ext is %q, not a dot and up to 16 small letters and digits", c.Ext())
		}
		w, err := c.NewWriter(io.Discard)
		if err == nil && w == nil {
			err = errors.New("its NewWriter returns nil")
		}
		if err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return fmt.Errorf("File.Compress: %T: %w", c, err)
	}
	return nil
}

// guardedCompressor calls a Compressor. One that panics has failed.
func guardedCompressor(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panicked: %v", v)
		}
	}()
	return do()
}
