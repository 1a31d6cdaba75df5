//go:build linux

// Command table measures proxies of layer 4 beside each other, and prints a table
// in Markdown: medians of interleaved rounds, and ratios to no proxy at all.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

// A plan is how much is measured.
type plan struct {
	rounds int
	each   time.Duration // a scenario of a contender in a round
	idle   int           // connections for the memory of an idle one
	only   []string      // names of contenders; empty: all
	of     []string      // names of scenarios; empty: all
}

var (
	whole = plan{rounds: 5, each: 2 * time.Second, idle: 10_000}
	short = plan{rounds: 1, each: 100 * time.Millisecond, idle: 300}
)

func main() {
	if len(os.Args) > 1 && child(os.Args[1:]) {
		return
	}
	p := whole
	brief := flag.Bool("short", false, "one short round")
	only := flag.String("only", "", "names of contenders, with commas between")
	of := flag.String("of", "", "scenarios, with commas between: "+strings.Join(names(), ", "))
	rounds := flag.Int("rounds", 0, "how many rounds; 0 is what is usual")
	each := flag.Duration("each", 0, "how long each scenario runs; 0 is what is usual")
	flag.Parse()
	if *brief {
		p = short
	}
	if *only != "" {
		p.only = strings.Split(*only, ",")
	}
	if *of != "" {
		p.of = strings.Split(*of, ",")
	}
	if *rounds > 0 {
		p.rounds = *rounds
	}
	if *each > 0 {
		p.each = *each
	}
	contest.RaiseLimit()
	all, missing := contenders(p.only)
	for _, name := range missing {
		fmt.Fprintln(os.Stderr, name+" is not installed, and left out")
	}
	r, err := measure(p, all)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r.write(os.Stdout)
}
