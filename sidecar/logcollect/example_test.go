package logcollect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

func Example() {
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

	log := filepath.Join(dir, "access.log")
	os.WriteFile(log, []byte("GET /\nGET /style.css\n"), 0o644)

	logs := &logcollect.Collector{Include: []string{"*.log"}, Sink: logcollect.To(os.Stdout)}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- logs.Run(ctx, root) }()
	logs.Ready(ctx)

	os.Rename(log, log+".1")
	os.WriteFile(log, []byte("GET /logo.svg\n"), 0o644)
	os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not a log\n"), 0o644)

	stop() // drains
	fmt.Println(<-done, logs.Stats().Lines)
	// Output:
	// GET /
	// GET /style.css
	// GET /logo.svg
	// <nil> 3
}

// events is a Sink that prints each event on a line of its own.
type events struct{}

func (events) Write(_ context.Context, batch logcollect.Batch) error {
	for path, event := range batch.All() {
		fmt.Printf("%s: %q\n", path, event)
	}
	return nil
}

// A stack trace belongs to the line above it.
func ExampleMultiline() {
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

	os.WriteFile(filepath.Join(dir, "app.log"), []byte(
		"2026-01-02 started\n"+
			"2026-01-02 panic: nil map\n"+
			"\tmain.go:7\n"+
			"\tmain.go:3\n"+
			"2026-01-02 started\n"), 0o644)

	logs := &logcollect.Collector{
		Include:   []string{"*.log"},
		Sink:      events{},
		Multiline: &logcollect.Multiline{Start: regexp.MustCompile(`^\d{4}-\d\d-\d\d `)},
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // collects what there is
	fmt.Println(logs.Run(ctx, root), logs.Stats().Lines)
	// Output:
	// app.log: "2026-01-02 started\n"
	// app.log: "2026-01-02 panic: nil map\n\tmain.go:7\n\tmain.go:3\n"
	// app.log: "2026-01-02 started\n"
	// <nil> 3
}
