package grpchealth

import (
	"bytes"
	"testing"
)

func FuzzResponse(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 8, 1})
	f.Add([]byte{0, 0, 0, 0, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		response(b)
		if !bytes.Equal(b, kept) {
			t.Fatal("changed its input")
		}
	})
}
