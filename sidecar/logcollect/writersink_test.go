package logcollect

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A leaky writer takes what it likes and fails.
type leaky struct {
	bytes.Buffer
	fails bool
}

func (w *leaky) Write(p []byte) (int, error) {
	if !w.fails {
		return w.Buffer.Write(p)
	}
	n := rand.IntN(len(p) + 1)
	w.Buffer.Write(p[:n])
	if n == len(p) {
		return n, nil
	}
	return n, errors.New("no more")
}

func TestWriterThatTakesAPart(t *testing.T) {
	w := &leaky{fails: true}
	sink := To(w)
	for i := range 200 {
		batch := Batch{Lines: []byte(lines(i, i+3))}
		for sink.Write(t.Context(), batch) != nil {
		}
	}
	var want strings.Builder
	for i := range 200 {
		want.WriteString(lines(i, i+3))
	}
	require.Equal(t, want.String(), w.String())
}

// Another batch than the one that failed comes in a later run.
func TestWriterFinishesTheLine(t *testing.T) {
	for cut := range len("one\ntwo\nthree\n") {
		w := &limited{left: cut}
		sink := To(w)
		require.Error(t, sink.Write(t.Context(), Batch{Lines: []byte("one\ntwo\nthree\n")}))
		w.left = 1000
		require.NoError(t, sink.Write(t.Context(), Batch{Lines: []byte("one\ntwo\nthree\nfour\n")}))
		whole := "one\ntwo\nthree\n"
		whole = whole[:strings.LastIndex(whole[:cut], "\n")+1]
		if cut > len(whole) {
			whole += map[string]string{"": "one\n", "one\n": "two\n", "one\ntwo\n": "three\n"}[whole]
		}
		require.Equal(t, whole+"one\ntwo\nthree\nfour\n", w.String())
	}
}

type limited struct {
	bytes.Buffer
	left int
}

func (w *limited) Write(p []byte) (int, error) {
	n := min(w.left, len(p))
	w.left -= n
	w.Buffer.Write(p[:n])
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}
