// Command table measures log collectors beside each other, and prints a table in
// Markdown. The documentation of the folder above says what is measured, and how.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var s setup
	flag.Int64Var(&s.size, "size", 1000, "the `MB` of the log to catch up with")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each figure is measured")
	flag.DurationVar(&s.watch, "watch", defaultWatch, "how long latency and idling are measured")
	flag.StringVar(&s.dir, "dir", "", "the `directory` for the logs; by default a temporary one")
	flag.Parse()
	s.size *= 1e6
	if err := s.print(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
