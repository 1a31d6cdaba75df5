package logcollect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
