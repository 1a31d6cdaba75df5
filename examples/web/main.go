// Web is a pod at work: a web server, and beside it a sidecar that ships its
// access log, an ambassador that carries its calls to a backend, and an adapter
// that serves its use of CPU and RAM to a monitor.
//
//	go run ./examples/web -for 10s
//
// Outside the pod the program runs what a pod meets in the world: the backend,
// clients that request without pause, a monitor, and an operator who rotates the
// log, crashes the collector, and restarts it and the web server. At the end it counts: the
// requests that were served, the lines that were logged and the lines that were
// collected must be as many, or the exit status is 1.
//
// With -nginx the web server is nginx, as it comes.
//
// # As several processes
//
// The same pod also runs as one process for each container, as it would in as
// many containers of Kubernetes. They share a directory and find each other
// there:
//
//	go build ./examples/web
//	for c in logs backend metrics web; do
//		./web -dir /tmp/shared -container $c &
//	done
//
// The web server says where it listens, and nobody calls but you:
//
//	curl http://127.0.0.1:.../hello.txt
//
// What they log and collect stays in the directory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	runFor    time.Duration // 0: until a signal
	nginx     bool
	dir       string // empty: a temporary one
	container string // empty: all of them, and the world outside
	status    string // where the pod shows itself; empty: nowhere
}

func main() {
	log.SetOutput(os.Stdout)
	log.SetFlags(log.Ltime)
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	}
	stop, kill := signals()
	if o.runFor > 0 {
		var cancel context.CancelFunc
		stop, cancel = context.WithTimeout(stop, o.runFor)
		defer cancel()
	}
	var c counts
	if o.container == "" {
		c, err = runAll(stop, kill, o)
	} else {
		err = runOne(stop, kill, o)
	}
	if err != nil {
		log.Printf("failed: %v", err)
	}
	if o.container == "" {
		fmt.Println(c)
	}
	if err != nil {
		os.Exit(1)
	}
}

// parse says on standard error what is wrong.
func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("web", flag.ContinueOnError)
	flags.DurationVar(&o.runFor, "for", 0, "how long to run; 0 is until Ctrl-C")
	flags.BoolVar(&o.nginx, "nginx", false, "run nginx as the web server")
	flags.StringVar(&o.dir, "dir", "", "the `directory` that the containers share, which is kept; by default a temporary one")
	flags.StringVar(&o.container, "container", "", "the `name` of one container to run alone: "+strings.Join(containers, ", "))
	flags.StringVar(&o.status, "status", "", "the `address`, as 127.0.0.1:8000, of a page that shows the pod; by default there is none")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err = o.check(flags.Args()); err != nil {
		fmt.Fprintln(flags.Output(), "web:", err)
	}
	return o, err
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("arguments that are no flags: %q", rest)
	case o.runFor < 0:
		return fmt.Errorf("-for: %v is negative", o.runFor)
	case o.container != "" && !slices.Contains(containers, o.container):
		return fmt.Errorf("-container: there is no %q, only %s", o.container, strings.Join(containers, ", "))
	case o.container != "" && o.dir == "":
		return errors.New("-container: needs -dir, the directory that the containers share")
	}
	if o.nginx {
		if _, err := exec.LookPath("nginx"); err != nil {
			return fmt.Errorf("-nginx: %w", err)
		}
	}
	if info, err := os.Stat(o.dir); err == nil && !info.IsDir() {
		return fmt.Errorf("-dir: %s is not a directory", o.dir)
	}
	if o.container == "" && o.dir != "" {
		switch logged, collected, err := count(o.dir); {
		case err != nil:
			return fmt.Errorf("-dir: %w", err)
		case logged+collected > 0:
			return fmt.Errorf("-dir: %s has the logs of an earlier run, which would be counted again", o.dir)
		}
	}
	return nil
}

// signals returns a context that the first signal ends, for a stop in order, and
// one that the second ends, for a stop at once.
func signals() (stop, kill context.Context) {
	stop, first := context.WithCancel(context.Background())
	kill, second := context.WithCancel(context.Background())
	received := make(chan os.Signal, 2)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	go func() {
		log.Printf("%v: stopping in order, and at once with another signal", <-received)
		first()
		log.Printf("%v: stopping at once", <-received)
		second()
	}()
	return stop, kill
}
