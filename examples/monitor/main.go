// Monitor is a pod that watches three others, whose main containers are as unlike
// as can be: one counts by StatsD, one writes its state as JSON, and one is a
// redis-server, where there is one. Each has an adapter, and so the monitor reads
// all in one shape, knows nothing of what they are, and shows the same two columns
// for each: CPU and RAM.
//
//	go run ./examples/monitor -for 10s
//
// The table is in the terminal, and with plots on a page, whose address is told at
// the start. A Prometheus could read the adapters just as well, whose addresses are
// told too:
//
//	shop    statsd  metrics.Process, statsd.Listener
//	orders  JSON    metrics.Process, jsonsource
//	cache   Redis   metrics.Process, redis
//
// The exit status is 0 if all pods ended well.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	runFor time.Duration // 0: until a signal
	every  time.Duration
	listen string
	main   string // the main container to be; empty: none
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.runFor > 0 {
		ctx, stop = context.WithTimeout(ctx, o.runFor)
		defer stop()
	}
	if o.main != "" {
		err = mains[o.main](ctx)
	} else {
		err = run(ctx, o)
	}
	if err != nil {
		log.Printf("failed: %v", err)
		os.Exit(1)
	}
}

// parse says on standard error what is wrong.
func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("monitor", flag.ContinueOnError)
	flags.DurationVar(&o.runFor, "for", 0, "how long to run; 0 is until Ctrl-C")
	flags.DurationVar(&o.every, "every", time.Second, "how often the adapters are read")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "the `address` of the page")
	flags.StringVar(&o.main, "main", "", "be the main container of this `name`, as the pods start it: shop or orders")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err = o.check(flags.Args()); err != nil {
		fmt.Fprintln(flags.Output(), "monitor:", err)
	}
	return o, err
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("arguments that are no flags: %q", rest)
	case o.runFor < 0:
		return fmt.Errorf("-for: %v is negative", o.runFor)
	case o.every <= 0:
		return fmt.Errorf("-every: %v is not positive", o.every)
	case o.main != "" && mains[o.main] == nil:
		return fmt.Errorf("-main: there is no %q, only shop and orders", o.main)
	}
	return nil
}
