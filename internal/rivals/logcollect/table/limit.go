package main

import (
	"bytes"
	"errors"
	"io"
)

// scan reads all of r, finds each line's end, and writes the bytes to w.
func scan(r io.Reader, w io.Writer, got func([]byte, int)) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		count := 0
		for rest := buf[:n]; ; count++ {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			rest = rest[i+1:]
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		got(buf[:n], count)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
