// Logcollect is a log collector as a program of its own, and a model of how to make
// any sidecar a binary: it follows files and appends their lines to one file, each
// exactly once, until SIGTERM, and then prints its Stats.
//
//	go run ./examples/logcollect -root /var/log/app -include 'logs/**/*.log' -out collected.log
//
// It serves as it is as the sidecar container of a Kubernetes pod whose containers
// share the directory: what fails ends it with an error, and the kubelet starts it
// again, where it goes on at its state. To ship the lines elsewhere, give it a Sink
// of your own. A pod in one process needs no such program: there the Collector is a
// field of a pod.Container.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

func main() {
	var dir string
	var out logcollect.File
	logs := &logcollect.Collector{Sink: &out}
	flag.StringVar(&dir, "root", "", "the `directory` that the containers share")
	flag.Func("include", "a `pattern` of files below the root to follow, as logs/**/*.log; may be given again", func(p string) error {
		logs.Include = append(logs.Include, p)
		return nil
	})
	flag.StringVar(&out.Path, "out", "", "the `file` to append to, below the root unless its path is absolute")
	flag.StringVar(&logs.Checkpoint, "state", logcollect.DefaultCheckpoint, "the `file` below the root that remembers what was collected")
	flag.Parse()
	if err := check(dir, logs.Include, out.Path); err != nil {
		fmt.Fprintln(os.Stderr, "logcollect:", err)
		os.Exit(2)
	}
	err := run(dir, logs)
	fmt.Printf("%+v\n", logs.Stats())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run gives a sidecar all that it needs: a root, and a context whose end tells it to
// finish. It has 30 s for that, as everything has that runs outside of a pod.
func run(dir string, logs *logcollect.Collector) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("-root: %w", err)
	}
	defer root.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return logs.Run(ctx, root)
}

// check names the flags that are missing. What is in the others, Run checks.
func check(dir string, include []string, out string) error {
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("arguments that are no flags: %q (to have several patterns, quote each and give -include again)", strings.Join(flag.Args(), " "))
	case dir == "":
		return fmt.Errorf("-root: missing")
	case len(include) == 0:
		return fmt.Errorf("-include: missing")
	case out == "":
		return fmt.Errorf("-out: missing")
	}
	return nil
}
