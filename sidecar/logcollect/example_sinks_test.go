package logcollect_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A log that rotates, compressed with package archive, beside one on the standard
// output: neither waits for the other.
func ExampleFanout() {
	dir, err := os.MkdirTemp("", "logcollect")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	os.WriteFile(filepath.Join(dir, "access.log"), []byte("GET /\nGET /style.css\n"), 0o644)

	all := &logcollect.File{
		Path:        "collected/all.log",
		RotateBytes: 100 << 20, // to all.log.000001
		RotateAfter: 24 * time.Hour,
		KeepFiles:   10,
	}
	logs := logcollect.Fanout{
		{Include: []string{"*.log"}, Checkpoint: "state/file", Sink: all},
		{Include: []string{"*.log"}, Checkpoint: "state/stdout", Sink: logcollect.To(os.Stdout)},
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // at once: it drains what there is
	fmt.Println(logs.Run(ctx, root), all.Stats().Rotated)
	text, _ := os.ReadFile(filepath.Join(dir, "collected/all.log"))
	fmt.Printf("%q\n", text)
	// Output:
	// GET /
	// GET /style.css
	// <nil> 0
	// "GET /\nGET /style.css\n"
}

// A ledger is a sink that keeps each line exactly once, in a slice that stands for a
// table of a database.
type ledger struct{ lines []string }

// Resume forgets what was written after the checkpoint, because it comes again.
func (l *ledger) Resume(_ context.Context, from logcollect.Resume) error {
	if from.Mark == "" || from.Keep {
		return nil
	}
	n, err := strconv.Atoi(from.Mark)
	if err != nil || n > len(l.lines) {
		return fmt.Errorf("mark %q of %d lines", from.Mark, len(l.lines))
	}
	l.lines = l.lines[:n]
	return nil
}

func (l *ledger) Write(_ context.Context, batch logcollect.Batch) error {
	for path, line := range batch.All() {
		l.lines = append(l.lines, fmt.Sprintf("%s: %s", path, bytes.TrimSpace(line)))
	}
	return nil
}

// Mark says how far to come back to.
func (l *ledger) Mark(context.Context) (string, error) { return strconv.Itoa(len(l.lines)), nil }
func (l *ledger) Close() error                         { return nil }

func ExampleResumer() {
	dir, err := os.MkdirTemp("", "logcollect")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	os.WriteFile(filepath.Join(dir, "a.log"), []byte("one\ntwo\nthr"), 0o644)

	l := &ledger{}
	logs := &logcollect.Collector{Include: []string{"*.log"}, Sink: l}
	ctx, stop := context.WithCancel(context.Background())
	stop() // at once: it drains what there is
	fmt.Printf("%v %q\n", logs.Run(ctx, root), l.lines)

	// The half line was not marked. Now there is the whole one.
	os.WriteFile(filepath.Join(dir, "a.log"), []byte("one\ntwo\nthree\n"), 0o644)
	fmt.Printf("%v %q\n", logs.Run(ctx, root), l.lines)
	// Output:
	// <nil> ["a.log: one" "a.log: two" "a.log: thr"]
	// <nil> ["a.log: one" "a.log: two" "a.log: three"]
}
